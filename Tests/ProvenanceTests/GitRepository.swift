// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// A bare repository whose git verifies with the keys of a ring.
final class GitRepository: Sendable {
  struct Judgement {
    let id: String
    /// Whether `git verify-commit` accepts it.
    let isAccepted: Bool
  }

  private let scratch: Scratch
  private let keyring: Keyring
  private var path: String { "\(scratch.path)/repository.git" }

  /// - Parameter allowed: Lines of the allowed signers file.
  init(_ keyring: Keyring, allowed: [String]) throws {
    self.keyring = keyring
    scratch = try Scratch("git")
    let signers = try keyring.write(
      "allowed-\(UUID().uuidString)", Array(allowed.joined(separator: "\n").utf8) + [0x0A])
    try git(["init", "--quiet", "--bare", path])
    try git(["config", "gpg.format", "ssh"])
    try git(["config", "gpg.ssh.allowedSignersFile", signers])
  }

  /// With these keys of the ring as allowed signers.
  convenience init(_ keyring: Keyring, signers names: [String] = ["alice", "bob"]) throws {
    try self.init(
      keyring, allowed: try names.map { "\($0)@example.org \(try keyring.line($0).dropLast())" })
  }

  @discardableResult
  func git(
    _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
  ) throws -> Tool.Result {
    try Tool.require(
      ["git"] + arguments, in: scratch.path, input: input,
      environment: environment.merging(["GIT_DIR": path]) { $1 })
  }

  /// A commit of the empty tree as git itself makes it.
  ///
  /// - Parameter signer: A key of the ring; `nil` for no signature.
  func commit(
    _ message: String = "change\n", by signer: String? = "alice", parents: [String] = [],
    name: String = "Alice", author: String = "1750000000 +0200",
    committer: String = "1750000001 +0200", configuration: [String] = []
  ) throws -> [UInt8] {
    try git(["hash-object", "-t", "tree", "-w", "--stdin"])
    let sign = signer.map { ["-S\(keyring.file($0)).pub"] } ?? []
    let id = try git(
      configuration.flatMap { ["-c", $0] } + ["commit-tree", .tree]
        + parents.flatMap { ["-p", $0] } + sign,
      input: Array(message.utf8),
      environment: [
        "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": author,
        "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": "a@example.org",
        "GIT_COMMITTER_DATE": committer,
      ]
    ).text
    return try git(["cat-file", "commit", id]).output
  }

  /// Writes objects as they are and asks git about each, in one shell.
  func judge(_ objects: [[UInt8]]) throws -> [Judgement] {
    let folder = try scratch.folder("objects-\(UUID().uuidString)")
    for (index, object) in objects.enumerated() {
      try Data(object).write(to: URL(filePath: "\(folder)/\(index)"))
    }
    let script = """
      git hash-object -t commit -w --literally --no-filters --stdin-paths > ids || exit 1
      while read id; do
        git verify-commit $id > /dev/null 2>&1
        echo "$id $?"
      done < ids
      """
    let result = try Tool.require(
      ["sh", "-c", script], in: folder,
      input: Array(objects.indices.map { "\($0)\n" }.joined().utf8),
      environment: ["GIT_DIR": path])
    let lines = result.text.split(separator: "\n")
    guard lines.count == objects.count else { throw SetupFailure(what: "judge all objects") }
    return lines.map { line in
      Judgement(id: String(line.prefix(40)), isAccepted: line.dropFirst(40) == " 0")
    }
  }

  /// Ids of the commits in the repository that `git fsck --strict` complains about.
  func faulty() throws -> Set<String> {
    let result = try Tool.run(
      ["git", "fsck", "--strict", "--no-dangling", "--no-progress"], in: scratch.path,
      environment: ["GIT_DIR": path])
    let lines = (result.text + "\n" + result.errors).split(separator: "\n")
    return Set(
      lines.filter { $0.contains(" in commit ") }.flatMap { line in
        line.split { !$0.isHexDigit }.filter { $0.count == 40 }.map(String.init)
      })
  }
}
