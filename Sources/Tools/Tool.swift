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
    // By bytes, as the kernel reads paths.
    let prefix = Self.workRepoPrefix.utf8
    guard path.utf8.starts(with: prefix) else { return (workspace, path) }
    let rest = path.utf8.dropFirst(prefix.count)
    if rest.isEmpty { return (workRepo, "") }
    if rest.first == UInt8(ascii: "/") {
      return (workRepo, String(decoding: rest.dropFirst(), as: UTF8.self))
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
