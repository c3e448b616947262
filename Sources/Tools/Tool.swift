// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// The arguments of a tool call do not fit the tool.
  public static let toolArguments = Self("tool.arguments")
}

/// Something a model can ask for.
public protocol Tool: Sendable {
  var name: String { get }
  var tier: ToolTier { get }
  /// Whether a call whose outcome is unknown may be repeated.
  var isIdempotent: Bool { get }
  /// - Throws: ``ApplianceError``; its message is shown to the model.
  func run(_ arguments: JSONValue, in folders: ToolFolders) async throws -> String
}

/// The folders that file tools see: the workspace, and below `work-repo/` the work repo.
public struct ToolFolders: Sendable, Equatable {
  static let workRepoPrefix = "work-repo"

  public let workspace: String
  public let workRepo: String

  public init(workspace: String, workRepo: String) {
    self.workspace = workspace
    self.workRepo = workRepo
  }

  /// The folder a tool's path speaks of, and the path inside it.
  func resolve(_ path: String) -> (folder: String, path: String) {
    if path == Self.workRepoPrefix { return (workRepo, "") }
    if path.hasPrefix(Self.workRepoPrefix + "/") {
      return (workRepo, String(path.dropFirst(Self.workRepoPrefix.count + 1)))
    }
    return (workspace, path)
  }
}

/// The tools of this program.
public enum ToolCatalog {
  public static let all: [any Tool] = [ReadFileTool(), ListDirectoryTool(), WriteFileTool()]

  public static func tool(named name: String) -> (any Tool)? {
    all.first { $0.name == name }
  }
}
