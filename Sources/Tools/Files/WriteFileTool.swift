// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Sandbox

/// Replaces or creates one text file.
struct WriteFileTool: Tool {
  /// Bytes.
  static let limit = 1 << 20
  /// Of a file that was not there.
  static let newMode: UInt32 = 0o600

  let name = ToolName.writeFile
  let isIdempotent = false
  let taint: TaintSource? = nil
  let summary = """
    Writes a text file as a whole, with the folders above it. An existing file is replaced and \
    keeps its permissions.
    """
  let inputs = ToolInputs(
    .text("path", "Relative path of the file."),
    .text("content", "The whole text of the file.", limit: WriteFileTool.limit))

  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String {
    let arguments = try inputs.read(arguments)
    let target = try context.folders.resolveForWriting(try arguments.required("path"))
    let content = Array(try arguments.required("content").utf8)
    let mode = try Self.mode(of: target.path, in: target.folder)
    try ConfinedFolder(target.folder).write(target.path, content, mode: mode)
    return "wrote \(content.count) bytes to \(target.path)"
  }

  private static func mode(of path: String, in folder: String) throws -> UInt32 {
    do {
      return try ConfinedFile(path, in: folder).mode() ?? newMode
    } catch let error as ApplianceError where error.code == .fileMissing {
      return newMode
    }
  }
}
