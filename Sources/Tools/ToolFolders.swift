// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox

/// The folders that tools see: the workspace, and below `work-repo/` the work repo.
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

  /// As ``resolve(_:)``, for a path that is going to be written.
  ///
  /// What lies in `.git` is run by Git on the host (hooks, `core.fsmonitor`), so no tool writes it.
  func resolveForWriting(_ path: String) throws -> (folder: String, path: String) {
    let isGit = path.utf8.split(separator: UInt8(ascii: "/")).contains { part in
      part.map { $0 | 0x20 }.elementsEqual(".git".utf8.map { $0 | 0x20 })
    }
    guard !isGit else {
      throw ApplianceError(.confinement, "\"\(path)\" belongs to Git and is not written by tools")
    }
    return resolve(path)
  }
}
