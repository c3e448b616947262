// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// A git repository with a desired state, made by the real `git`.
public struct DesiredRepository: Sendable {
  public let path: String
  private let scratch: Scratch

  public init(in scratch: Scratch, _ yaml: String) throws {
    path = try scratch.folder("config")
    self.scratch = scratch
    try git(["init", "-q", "-b", "main"])
    try commit(["kafclaw.yaml": yaml])
  }

  /// Writes files and commits everything.
  public func commit(_ files: [String: String]) throws {
    for (name, text) in files { try scratch.write("config/\(name)", text) }
    try git(["add", "-A"])
    try git(["commit", "-q", "-m", "change"])
  }

  public func remove(_ name: String) throws {
    try git(["rm", "-q", name])
    try git(["commit", "-q", "-m", "remove"])
  }

  public var head: String {
    get throws {
      try git(["rev-parse", "HEAD"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  @discardableResult
  public func git(_ words: [String]) throws -> Program.Result {
    let result = try Program.command(
      ["git", "-C", path, "-c", "user.name=t", "-c", "user.email=t@example.org"] + words)
    guard result.code == 0 else { throw GitFailure(message: result.errors) }
    return result
  }

  public struct GitFailure: Error { let message: String }
}
