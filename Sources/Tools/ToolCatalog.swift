// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// The tools of this program.
public enum ToolCatalog {
  public static let all: [any Tool] = [
    ReadFileTool(), ListDirectoryTool(), SearchFilesTool(), WriteFileTool(), EditFileTool(),
    WebFetchTool(), ExecTool(), ReadSkillTool(), RunSkillTool(),
  ]

  /// What a model is told of a tool.
  public typealias Description = (name: String, summary: String, parameters: JSONValue)

  /// By the bytes of its name.
  public static func tool(named name: String) -> (any Tool)? {
    all.first { $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// In the catalog's order, so that the same names always give the same text. Unknown names are
  /// left out.
  public static func descriptions(of names: [String]) -> [Description] {
    all.filter { tool in names.contains { $0.utf8.elementsEqual(tool.name.utf8) } }
      .map { ($0.name, $0.summary, $0.parameters) }
  }
}
