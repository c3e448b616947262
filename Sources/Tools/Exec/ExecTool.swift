// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Runs a program of a profile in the sandbox: told to the model here, carried out elsewhere.
struct ExecTool: Tool {
  /// Arguments of one call, and their bytes with a zero byte after each.
  static let argumentCount = 1_000
  static let argumentBytes = 128 << 10
  /// Standard input. Bytes.
  static let inputBytes = 1 << 20

  let name = ToolName.exec
  let isIdempotent = false
  let taint: TaintSource? = .files
  let summary = """
    Runs one program with arguments, without a shell: no pipes, no variables, no patterns, no \
    redirection. The profile names the program; operators decide which profiles there are.
    """
  let inputs = ToolInputs(
    .text("profile", "Name of the profile.", limit: 64),
    .texts(
      "arguments", "Arguments, each as the program gets it, without the program's name.",
      count: ExecTool.argumentCount, limit: ExecTool.argumentBytes),
    .text(
      "input", "Standard input of the program.", limit: ExecTool.inputBytes, isRequired: false))

  /// - Throws: `tool.elsewhere`, always.
  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String {
    throw ApplianceError(.toolElsewhere, "exec is carried out by the sandbox")
  }
}
