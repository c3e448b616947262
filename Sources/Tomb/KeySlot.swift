// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// One way into the tomb: an X25519 key pair, to whose public half every root key is sealed. So a
/// new root key needs no passphrase and no recovery key to be at hand.
struct KeySlot: Sendable, Equatable {
  /// How the private half is kept. The numbers are the file's.
  enum Kind: UInt8, Sendable, CaseIterable {
    case local = 1
    case passphrase = 2
    case file = 3
    case systemd = 4
    /// Kept by people, away from this host.
    case recovery = 5

    var word: String {
      switch self {
      case .local: "local"
      case .passphrase: "passphrase"
      case .file: "file"
      case .systemd: "systemd"
      case .recovery: "recovery"
      }
    }
  }

  let kind: Kind
  let id: [UInt8]
  let created: Date
  let label: String
  let publicKey: [UInt8]
  let protection: [UInt8]

  static let idBytes = 8
  static let labelLimit = 64
  private static let protectionLimit = 256

  init(
    _ kind: Kind, label: String, publicKey: [UInt8], protection: [UInt8] = [], at now: Date
  ) {
    (self.kind, self.label, self.publicKey, self.protection) = (kind, label, publicKey, protection)
    id = SecureRandom.bytes(Self.idBytes)
    // As the file keeps it: whole seconds.
    created = now.inWholeSeconds
  }

  init(from reader: inout BinaryReader) throws {
    let number = try reader.number(UInt8.self, "slot's kind")
    guard let kind = Kind(rawValue: number) else {
      throw ApplianceError(
        .tombMalformed, "a slot of kind \(number) is unknown to this version",
        hint: "use the version of kafclaw that wrote the tomb, or a later one")
    }
    self.kind = kind
    id = try reader.bytes(Self.idBytes, "slot's id")
    created = try Date(from: &reader)
    let length = Int(try reader.number(UInt8.self, "slot's label"))
    guard length <= Self.labelLimit else {
      throw ApplianceError(.malformed, "a slot's label has \(length) bytes")
    }
    label = String(decoding: try reader.bytes(length, "slot's label"), as: UTF8.self)
    publicKey = try reader.bytes(RecipientKey.publicBytes, "slot's public key")
    let size = Int(try reader.number(UInt16.self, "slot's protection"))
    guard size <= Self.protectionLimit else {
      throw ApplianceError(.malformed, "a slot's protection has \(size) bytes")
    }
    protection = try reader.bytes(size, "slot's protection")
  }

  func append(to bytes: inout [UInt8]) {
    bytes.append(kind.rawValue)
    bytes += id
    created.append(to: &bytes)
    bytes.append(UInt8(clamping: label.utf8.count))
    bytes += Array(label.utf8)
    bytes += publicKey
    bytes.append(number: UInt16(clamping: protection.count))
    bytes += protection
  }
}

extension KeySlot {
  static func damaged(_ what: String) -> ApplianceError {
    ApplianceError(
      .tombMalformed, "tomb.rr is damaged: \(what)",
      hint: "restore it from a backup, or kafclaw tomb recover")
  }

  /// Whether a private key is the other half of this slot's public one.
  func isOpened(by key: SecretKey) throws -> Bool {
    try RecipientKey(key).publicKey == publicKey
  }

  /// The private key in the slot itself.
  ///
  /// - Throws: `tomb.malformed`.
  func localKey() throws -> SecretKey {
    guard protection.count == SecretKey.count else {
      throw Self.damaged("the key in its slot has \(protection.count) bytes")
    }
    return try protection.withUnsafeBytes { try SecretKey(copying: $0) }
  }

  /// A private key as it is kept under a passphrase.
  struct Wrapped {
    let parameters: PassphraseParameters
    let sealed: [UInt8]

    private static let context = Array("kafclaw tomb passphrase".utf8)

    init(_ key: SecretKey, passphrase: SecretValue) throws {
      parameters = .fresh()
      let wrapping = try parameters.key(passphrase)
      sealed = key.withBytes { SealedBytes.seal($0, key: wrapping, context: Self.context) }
    }

    /// - Throws: `tomb.parameters` before any memory is taken, `tomb.malformed`.
    init(_ protection: [UInt8]) throws {
      do {
        var reader = BinaryReader(protection, subject: "a passphrase slot")
        parameters = PassphraseParameters(
          operations: try reader.number(UInt64.self, "operations"),
          memory: try reader.number(UInt64.self, "memory"),
          salt: try reader.bytes(PassphraseParameters.saltBytes, "salt"))
        sealed = try reader.bytes(SecretKey.count + SealedBytes.overhead, "key")
        try reader.requireEnd()
      } catch let error as ApplianceError where error.code == .malformed {
        throw KeySlot.damaged(error.message)
      }
      guard parameters.isAcceptable else {
        throw ApplianceError(
          .tombParameters,
          "the passphrase slot asks for \(parameters.operations) passes over "
            + "\(parameters.memory) bytes",
          hint: "the file was changed: restore tomb.rr from a backup")
      }
    }

    var bytes: [UInt8] {
      var bytes: [UInt8] = []
      bytes.append(number: parameters.operations)
      bytes.append(number: parameters.memory)
      return bytes + parameters.salt + sealed
    }

    func open(_ passphrase: SecretValue) throws -> SecretKey {
      let wrapping = try parameters.key(passphrase)
      let opened = try SealedBytes.open(sealed, key: wrapping, context: Self.context)
      return try opened.withBytes { try SecretKey(copying: $0) }
    }
  }
}

extension Date {
  /// The last second of the year 9999.
  static let limit = 253_402_300_799.0

  /// As files of the tomb keep it.
  var inWholeSeconds: Date {
    Date(timeIntervalSince1970: min(max(0, timeIntervalSince1970), Self.limit).rounded(.down))
  }

  init(from reader: inout BinaryReader) throws {
    let seconds = TimeInterval(try reader.number(UInt64.self, "time"))
    guard seconds <= Self.limit else {
      throw ApplianceError(.malformed, "a time is beyond the year 9999")
    }
    self.init(timeIntervalSince1970: seconds)
  }

  func append(to bytes: inout [UInt8]) {
    bytes.append(number: UInt64(inWholeSeconds.timeIntervalSince1970))
  }
}
