// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// A git repository whose commits are signed with SSH keys, by the real `git` and `ssh-keygen`.
///
/// They run as the tests' own user: `ssh-keygen` wants an entry in passwd. Everybody may read.
public struct SignedRepository: Sendable {
  public let path: String
  private let scratch: Scratch

  public init(in scratch: Scratch) throws {
    self.scratch = scratch
    path = "\(scratch.path)/signed"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try git(["init", "-q", "-b", "main"])
    for name in ["alice", "mallory"] {
      try run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key(name)])
    }
  }

  public func key(_ name: String) -> String { "\(scratch.path)/key-\(name)" }

  public func publicKey(_ name: String) throws -> String {
    try String(contentsOfFile: key(name) + ".pub", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Writes files and commits everything, signed by `signer`; `nil` leaves the commit unsigned.
  @discardableResult
  public func commit(_ files: [String: String], by signer: String? = "alice") throws -> String {
    for (name, text) in files {
      let file = URL(fileURLWithPath: "\(path)/\(name)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    try git(["add", "-A"])
    try git(
      ["commit", "-q", "--allow-empty", "-m", "change"] + (signer == nil ? [] : ["-S"]), signer)
    try run(["chmod", "-R", "a+rX", path])
    return try head
  }

  public var head: String {
    get throws {
      try git(["rev-parse", "HEAD"]).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  /// `appliance.yaml` that follows this repository.
  public func bootstrap(start: String, revoked: String? = nil) throws -> String {
    let end = revoked.map { ", revoked: \($0)" } ?? ""
    return """
      version: 1
      source: {repository: "\(path)", verify: signatures, start: "\(start)"}
      signers:
        alice: {key: "\(try publicKey("alice"))", roles: [commit, emergency]\(end)}

      """
  }

  @discardableResult
  public func git(_ words: [String], _ signer: String? = nil) throws -> String {
    let choice = signer.map { ["-c", "user.signingKey=\(key($0)).pub"] } ?? []
    return try run(
      [
        "git", "-C", path, "-c", "user.name=t", "-c", "user.email=t@example.org", "-c",
        "gpg.format=ssh", "-c", "commit.gpgSign=false",
        // The tests give their folders to the program's user.
        "-c", "safe.directory=*",
      ] + choice + words)
  }

  @discardableResult
  public func run(_ words: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": scratch.path, "LANG": "C.UTF-8",
      "GIT_CONFIG_NOSYSTEM": "1",
    ]
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(words: words, errors: String(decoding: complaint, as: UTF8.self))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  public struct Failure: Error {
    let words: [String]
    let errors: String
  }
}
