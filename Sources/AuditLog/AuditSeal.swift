// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// States what the log was, and who may state it next. Each is signed with a key that is made for
/// it and destroyed after it: whoever takes the present key cannot rewrite what was sealed before.
struct AuditSeal: Sendable, Codable, Equatable {
  let at: Date
  let chain: String
  let epoch: UInt64
  /// The hashes that let the log be continued from here.
  let frontier: [String]
  /// The public key of the next seal.
  let next: String
  let root: String
  /// Lines before this one.
  let size: UInt64
  var signature: String

  init(_ state: AuditState, next: [UInt8], at now: Date) {
    at = now.inWholeSeconds
    chain = state.chain.hexadecimal
    epoch = state.epoch
    frontier = state.tree.frontier.map(\.hexadecimal)
    self.next = Hexadecimal.encode(next)
    root = state.tree.root.hexadecimal
    size = state.size
    signature = ""
  }

  func signed(by key: SigningKey) -> AuditSeal {
    var seal = self
    seal.signature = Hexadecimal.encode(key.sign(signedBytes))
    return seal
  }

  func isSigned(by key: [UInt8]) -> Bool {
    guard let signature = Hexadecimal.decode(signature) else { return false }
    return Ed25519.verifies(signature: signature, of: signedBytes, key: key)
  }

  private var signedBytes: [UInt8] {
    var bytes = Array("kafclaw audit seal 1\n".utf8)
    bytes.append(number: UInt64(max(0, min(at.timeIntervalSince1970, 253_402_300_799))))
    bytes.append(number: epoch)
    bytes.append(number: size)
    return bytes + Array("\(chain) \(root) \(next)".utf8)
  }

  /// Reads a seal; `nil` for anything else.
  init?(_ line: UnsafeRawBufferPointer, _ body: Range<Int>) {
    // `try?`: what is no seal is told as such by the reader.
    guard let seal = try? ApplianceJSON.decode(AuditSeal.self, from: Array(line[body])),
      seal.epoch < AuditFiles.numberLimit, seal.size < AuditFiles.numberLimit
    else { return nil }
    self = seal
  }

  /// Whether it is about this state.
  func isOf(_ state: AuditState) -> Bool {
    chain == state.chain.hexadecimal && root == state.tree.root.hexadecimal
      && size == state.size && frontier == state.tree.frontier.map(\.hexadecimal)
  }

  /// The state that the seal describes, from which the log is read on.
  var state: AuditState? {
    let hashes = frontier.compactMap { HashValue(hexadecimal: $0) }
    guard hashes.count == frontier.count, let tree = HashTree(size: size, frontier: hashes),
      let chain = HashValue(hexadecimal: chain), tree.root.hexadecimal == root
    else { return nil }
    var state = AuditState()
    (state.tree, state.chain, state.epoch) = (tree, chain, epoch)
    return state
  }
}

extension Date {
  /// As the log's JSON keeps it.
  var inWholeSeconds: Date {
    Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down))
  }
}

/// The keys of the present seal and, while it is being written, of the one after.
struct SealingKeys: Sendable {
  let epoch: UInt64
  let current: SigningKey
  let next: SigningKey?

  static let magic = Array("KAFSEALK".utf8)
  /// Bytes.
  static let sizeLimit = 256

  func encoded() -> SecretValue {
    let seeds = [current.seed] + (next.map { [$0.seed] } ?? [])
    var head = Self.magic
    head.append(number: epoch)
    let header = head
    return SecretValue(count: header.count + seeds.count * SecretKey.count) { target in
      target.copyBytes(from: header)
      for (index, seed) in seeds.enumerated() {
        seed.withBytes { bytes in
          UnsafeMutableRawBufferPointer(
            rebasing: target[(header.count + index * SecretKey.count)...]
          ).copyMemory(from: bytes)
        }
      }
    }
  }

  init(epoch: UInt64, current: SigningKey, next: SigningKey? = nil) {
    (self.epoch, self.current, self.next) = (epoch, current, next)
  }

  init(_ bytes: SecretValue) throws {
    self = try bytes.withBytes { bytes in
      var reader = BinaryReader(Array(bytes), subject: "the audit log's key")
      guard try reader.bytes(Self.magic.count, "first bytes") == Self.magic else {
        throw ApplianceError(.malformed, "these are not the first bytes of a key")
      }
      let epoch = try reader.number(UInt64.self, "number")
      guard epoch < AuditFiles.numberLimit else {
        throw ApplianceError(.malformed, "no log has so many seals")
      }
      let current = try Self.key(&reader)
      let next = reader.count > 0 ? try Self.key(&reader) : nil
      try reader.requireEnd()
      return SealingKeys(epoch: epoch, current: current, next: next)
    }
  }

  private static func key(_ reader: inout BinaryReader) throws -> SigningKey {
    let seed = try reader.bytes(SecretKey.count, "seed")
    return try SigningKey(seed: try seed.withUnsafeBytes { try SecretKey(copying: $0) })
  }
}
