// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// A host that nothing runs on, and the signed repository it follows: `kafclaw apply` judges as a
/// running appliance does.
struct SignedHost {
  let scratch: Scratch
  let home: String
  let signed: SignedRepository

  /// - Parameter origin: A folder of its own for the repository, which stays the tests' user's.
  init(_ name: String, origin: Scratch? = nil) throws {
    scratch = try Scratch(name)
    home = try scratch.folder("home")
    signed = try SignedRepository(in: origin ?? scratch)
  }

  /// Writes `appliance.yaml`.
  ///
  /// - Parameters:
  ///   - source: Fields of `source` beside the repository.
  ///   - signers: Entries of `signers` beside alice's.
  ///   - repository: Its address. Defaults to its path.
  func configure(_ source: String = "", signers: String = "", repository: String? = nil) throws {
    let end = source.isEmpty ? "" : ", \(source)"
    try scratch.write(
      "home/.config/kafclaw/appliance.yaml",
      """
      version: 1
      source: {repository: "\(repository ?? signed.path)"\(end)}
      signers:
        alice: {key: "\(try signed.publicKey("alice"))", roles: [commit, emergency]}
      \(signers)

      """)
  }

  /// Commits a desired state that differs from all before.
  @discardableResult
  func change(_ name: String, in folder: String = "", by signer: String? = "alice") throws
    -> String
  {
    let file = folder.isEmpty ? "kafclaw.yaml" : "\(folder)/kafclaw.yaml"
    return try signed.commit(
      [file: "version: 1\nappliance: {name: \(name), incidentOwner: ops}\n"], by: signer)
  }

  /// Puts a secret where `file:NAME` finds it.
  func store(_ text: String, as name: String) throws {
    try scratch.write("home/.config/kafclaw/credentials/\(name)", text)
    let file = "\(home)/.config/kafclaw/credentials/\(name)"
    guard chmod(file, 0o600) == 0 else { throw POSIXError(.EPERM) }
  }

  func reset(to commit: String) throws {
    try signed.git(["reset", "-q", "--hard", commit])
    try signed.run(["chmod", "-R", "a+rX", signed.path])
  }

  func run(_ arguments: String...) throws -> Program.Result {
    try Program.run(arguments, home: home)
  }

  func apply() throws -> Program.Result { try run("apply") }

  /// The commit that was applied last.
  func applied() throws -> String? {
    let bytes = try Data(
      contentsOf: URL(fileURLWithPath: "\(home)/.kafclaw/reconciler/applied.json"))
    let object = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
    return (object?["revisions"] as? [String: Any])?["applied"] as? String
  }

  /// Signs a rewind as alice and lets the host accept it, with the commands of the guide.
  func acceptRewind(to commit: String) throws -> Program.Result {
    let file = "\(try scratch.folder("statements"))/\(commit.prefix(8)).json"
    let statement = try run("source", "statement", "--to", commit, "--until", "4h", "--file", file)
    guard statement.code == 0 else { return statement }
    try signed.run(
      [
        "ssh-keygen", "-q", "-Y", "sign", "-n", "emergency@kafclaw", "-f", signed.key("alice"),
        file,
      ])
    try signed.run(["chmod", "a+r", "\(file).sig"])
    return try run("source", "accept", "--statement", file, "--signature", "\(file).sig")
  }
}
