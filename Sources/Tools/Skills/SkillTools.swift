// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Reads a skill that the operator exposes: told to the model here, carried out where the skills are.
struct ReadSkillTool: Tool {
  let name = ToolName.readSkill
  let isIdempotent = true
  /// The operator chose the text, by its digest.
  let taint: TaintSource? = nil
  let summary = """
    Reads the instructions of a skill, or another file of it. Read a skill before doing what it is for. \
    A skill may narrow the tools for the rest of this turn, and never widens them.
    """
  let inputs = ToolInputs(
    .text("skill", "Name of the skill.", limit: 64),
    .text("file", "A file of it; its instructions without.", limit: 1_024, isRequired: false))

  /// - Throws: `tool.elsewhere`, always.
  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String {
    throw ApplianceError(.toolElsewhere, "skills are read outside the agent")
  }
}

/// Runs a script of a skill in the sandbox: told to the model here, carried out elsewhere.
struct RunSkillTool: Tool {
  let name = ToolName.runSkill
  let isIdempotent = false
  let taint: TaintSource? = .files
  let summary = """
    Runs a script of a skill, alone in a sandbox: it sees the skill's own files and its standard input, not \
    the workspace.
    """
  let inputs = ToolInputs(
    .text("skill", "Name of the skill.", limit: 64),
    .text("script", "Path of the script in the skill, as in scripts/check.", limit: 1_024),
    .texts(
      "arguments", "Arguments, each as the script gets it.", count: 256, limit: 64 << 10),
    .text("input", "Standard input of the script.", limit: 1 << 20, isRequired: false))

  /// - Throws: `tool.elsewhere`, always.
  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String {
    throw ApplianceError(.toolElsewhere, "scripts of skills are carried out by the sandbox")
  }
}

/// The arguments of a call that concerns a skill.
public enum SkillCall: Sendable, Equatable {
  case read(skill: String, file: String?)
  case run(skill: String, script: String, arguments: [String], input: String?)

  /// - Throws: `tool.arguments`; for the model to read.
  public init(_ call: ToolCall) throws {
    if call.tool == ToolName.readSkill {
      let given = try ReadSkillTool().inputs.read(call.arguments)
      self = .read(skill: try given.required("skill"), file: given.text("file"))
    } else {
      let given = try RunSkillTool().inputs.read(call.arguments)
      self = .run(
        skill: try given.required("skill"), script: try given.required("script"),
        arguments: given.texts("arguments"), input: given.text("input"))
    }
  }

  public var skill: String {
    switch self {
    case .read(let skill, _), .run(let skill, _, _, _): skill
    }
  }
}
