// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

@testable import Provenance

/// Real keys, made and used by `ssh-keygen`.
final class Keyring: Sendable {
  enum Kind: String {
    case ed25519
    case rsa
    case ecdsa
  }

  private let scratch: Scratch

  /// Makes the Ed25519 keys `alice`, `bob` and `mallory`.
  init() throws {
    scratch = try Scratch("keys")
    for name in ["alice", "bob", "mallory"] { try make(name) }
  }

  func file(_ name: String) -> String { "\(scratch.path)/\(name)" }

  func make(_ name: String, _ kind: Kind = .ed25519) throws {
    try keygen(["-t", kind.rawValue, "-N", "", "-C", "\(name)@example.org", "-f", file(name)])
  }

  /// The line of `NAME.pub`.
  func line(_ name: String) throws -> String {
    try String(contentsOfFile: file("\(name).pub"), encoding: .utf8)
  }

  func key(_ name: String) throws -> SSHPublicKey {
    try SSHPublicKey(authorizedKey: try line(name))
  }

  func signer(
    _ name: String, _ roles: Set<Signer.Role> = [.commit], paths: [String] = [],
    validFrom: Date? = nil, validUntil: Date? = nil, revoked: Date? = nil
  ) throws -> Signer {
    Signer(
      name: name, key: try key(name), roles: roles, paths: paths, validFrom: validFrom,
      validUntil: validUntil, revoked: revoked)
  }

  /// Armored signatures, one for each message.
  func sign(
    _ messages: [[UInt8]], by name: String = "alice", for namespace: String = "git",
    hash: String = "sha512"
  ) throws -> [[UInt8]] {
    let folder = try scratch.folder("sign-\(UUID().uuidString)")
    let names = messages.indices.map { "\(folder)/\($0)" }
    for (name, message) in zip(names, messages) {
      try Data(message).write(to: URL(filePath: name))
    }
    try keygen(
      ["-Y", "sign", "-f", file(name), "-n", namespace, "-O", "hashalg=\(hash)"] + names)
    return try names.map { [UInt8](try Data(contentsOf: URL(filePath: "\($0).sig"))) }
  }

  func sign(_ message: [UInt8], by name: String = "alice", for namespace: String = "git") throws
    -> [UInt8]
  {
    guard let signature = try sign([message], by: name, for: namespace).first else {
      throw SetupFailure(what: "sign")
    }
    return signature
  }

  @discardableResult
  func keygen(_ arguments: [String], input: [UInt8] = []) throws -> String {
    try Tool.require(["ssh-keygen", "-q"] + arguments, in: scratch.path, input: input).text
  }

  /// Writes a file beside the keys.
  func write(_ name: String, _ content: [UInt8]) throws -> String {
    try Data(content).write(to: URL(filePath: file(name)))
    return file(name)
  }
}
