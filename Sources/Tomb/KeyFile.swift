// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// `tomb.rr`: the slots, and the root keys sealed to each. `docs/formats/tomb.md` has every byte.
struct KeyFile: Sendable, Equatable {
  /// A root key, sealed to every slot in their order.
  struct Epoch: Sendable, Equatable {
    let number: UInt32
    let created: Date
    var sealed: [[UInt8]]
  }

  let id: [UInt8]
  /// Grows with every writing of the file.
  var counter: UInt64
  var slots: [KeySlot]
  /// Newest last; two only while the key is being rotated.
  var epochs: [Epoch]

  static let magic = Array("KAFTOMB\u{1}".utf8)
  static let idBytes = 16
  static let slotLimit = 16
  private static let epochLimit: UInt32 = 1 << 31
  /// Bytes.
  static let sizeLimit = 64 << 10

  init(id: [UInt8], slots: [KeySlot]) {
    (self.id, self.slots, counter, epochs) = (id, slots, 0, [])
  }

  /// The bytes of the file.
  ///
  /// - Parameter root: The newest root key; its tag keeps everything else from being changed.
  /// - Parameter host: The private key of this host's slot. Anybody can seal a root key of their own
  ///   to the slots; the tag under this one they cannot make. `nil` for an exported file.
  func encoded(under root: SecretKey, host: SecretKey?) throws -> [UInt8] {
    var bytes = Self.magic + id
    bytes.append(number: counter)
    bytes.append(UInt8(clamping: slots.count))
    for slot in slots { slot.append(to: &bytes) }
    bytes.append(UInt8(clamping: epochs.count))
    for epoch in epochs {
      bytes.append(number: epoch.number)
      epoch.created.append(to: &bytes)
      for sealed in epoch.sealed { bytes += sealed }
    }
    bytes += try host.map { KeyedTag.tag(bytes, key: try $0.subkey(1, .host)) } ?? Self.noHost
    return bytes + KeyedTag.tag(bytes, key: try root.subkey(1, .keyFile))
  }

  private static let noHost = [UInt8](repeating: 0, count: KeyedTag.count)

  /// Reads the form; whether it is authentic only ``requireAuthentic(_:under:)`` can tell.
  init(_ bytes: [UInt8]) throws {
    do {
      var reader = BinaryReader(bytes, subject: "the tomb's key file")
      guard try reader.bytes(Self.magic.count, "first bytes") == Self.magic else {
        throw ApplianceError(.malformed, "these are not the first bytes of a key file")
      }
      id = try reader.bytes(Self.idBytes, "id")
      counter = try TombCounter.read(&reader)
      let count = Int(try reader.number(UInt8.self, "slots"))
      guard (1...Self.slotLimit).contains(count) else {
        throw ApplianceError(.malformed, "it has \(count) slots")
      }
      slots = try (0..<count).map { _ in try KeySlot(from: &reader) }
      epochs = try Self.epochs(&reader, slots: count)
      _ = try reader.bytes(2 * KeyedTag.count, "tags")
      try reader.requireEnd()
    } catch let error as ApplianceError where error.code == .malformed {
      throw ApplianceError(
        .tombMalformed, "tomb.rr is damaged: \(error.message)",
        hint: "restore it from a backup, or kafclaw tomb recover")
    }
  }

  private static func epochs(_ reader: inout BinaryReader, slots: Int) throws -> [Epoch] {
    let count = Int(try reader.number(UInt8.self, "epochs"))
    guard (1...2).contains(count) else {
      throw ApplianceError(.malformed, "it has \(count) root keys")
    }
    let epochs = try (0..<count).map { _ in
      Epoch(
        number: try reader.number(UInt32.self, "epoch"),
        created: try Date(from: &reader),
        sealed: try (0..<slots).map { _ in
          try reader.bytes(SecretKey.count + RecipientKey.overhead, "sealed root key")
        })
    }
    guard zip(epochs, epochs.dropFirst()).allSatisfy({ $0.number < $1.number }),
      epochs.allSatisfy({ (1...epochLimit).contains($0.number) })
    else { throw ApplianceError(.malformed, "its root keys are out of order") }
    return epochs
  }

  /// - Parameter host: The private key of this host's slot; `nil` where a recovery key opens, which
  ///   does not tell who wrote the file.
  /// - Throws: `tomb.changed`.
  static func requireAuthentic(
    _ bytes: [UInt8], under root: SecretKey, host: SecretKey?
  ) throws {
    let (tagged, tag) = (bytes.dropLast(KeyedTag.count), bytes.suffix(KeyedTag.count))
    let (content, hostTag) = (tagged.dropLast(KeyedTag.count), tagged.suffix(KeyedTag.count))
    let isOfHost = try host.map {
      KeyedTag.isTag(Array(hostTag), of: Array(content), key: try $0.subkey(1, .host))
    }
    guard KeyedTag.isTag(Array(tag), of: Array(tagged), key: try root.subkey(1, .keyFile)),
      isOfHost ?? true
    else {
      throw ApplianceError(
        .tombChanged, "tomb.rr was changed by somebody without its key",
        hint: "restore it from a backup, then look for who could write to it")
    }
  }

  /// Adds a root key, sealed to every slot.
  mutating func add(_ root: SecretKey, at now: Date) throws {
    let number = (epochs.last?.number ?? 0) + 1
    epochs.append(
      Epoch(
        number: number, created: now.inWholeSeconds,
        sealed: try slots.map { try RecipientKey.seal(root, to: $0.publicKey) }))
  }

  /// Opens the root keys with the private key of one slot, oldest first.
  func roots(_ slot: KeySlot, _ key: SecretKey) throws -> [TombKeys] {
    let pair = try RecipientKey(key)
    guard let index = slots.firstIndex(of: slot), pair.publicKey == slot.publicKey else {
      throw ApplianceError(.notAuthentic, "the key is not that of the slot")
    }
    return try epochs.map { TombKeys(epoch: $0.number, root: try pair.open($0.sealed[index])) }
  }
}

extension SecretKey.Purpose {
  static let keyFile = Self("tombkeys")
  static let host = Self("tombhost")
  static let index = Self("tombindx")
  static let values = Self("tombvals")
  static let seen = Self("tombseen")
  /// What other parts derive: their number tells which.
  static let shared = Self("tombpart")
}

/// A root key and its number.
struct TombKeys: Sendable {
  let epoch: UInt32
  let root: SecretKey
}

/// How often a file was written.
enum TombCounter {
  /// Far beyond what can be written, so that adding to it never overflows.
  private static let limit: UInt64 = 1 << 62

  static func read(_ reader: inout BinaryReader) throws -> UInt64 {
    let counter = try reader.number(UInt64.self, "counter")
    guard counter <= limit else {
      throw ApplianceError(.malformed, "a file of the tomb cannot have been written so often")
    }
    return counter
  }
}
