// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox

/// Lists one folder.
struct ListDirectoryTool: Tool {
  /// Names.
  static let limit = 1_000

  let name = ToolName.listDirectory
  let isIdempotent = true
  let taint: TaintSource? = .files
  let summary = """
    Lists a folder of the workspace, or below work-repo/ of the work repo. One name a line; \
    folders end with a slash. At most 1000 names.
    """
  let inputs = ToolInputs(
    .text(
      "path", "Relative path of the folder; the workspace itself if left out.",
      isRequired: false))

  func run(_ arguments: JSONValue, in context: ToolContext) async throws -> String {
    let target = context.folders.resolve(try inputs.read(arguments).text("path") ?? "")
    let names = try ConfinedFolder(target.folder).list(target.path, limit: Self.limit + 1)
    if names.isEmpty { return "(empty)" }
    // A name with a line break must not look like two.
    let shown = names.prefix(Self.limit).map(VisibleText.escape).joined(separator: "\n")
    return names.count > Self.limit ? shown + "\n[there are more names]" : shown
  }
}
