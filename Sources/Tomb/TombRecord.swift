// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// What the tomb's files were when they were written last, kept apart from both, so that an older
/// copy of either is told from the present one.
struct TombRecord: Sendable, Equatable {
  let tomb: [UInt8]
  var keyFile: UInt64
  var entries: UInt64

  static let magic = Array("KAFSEEN\u{1}".utf8)
  /// Bytes.
  static let sizeLimit = 1 << 10

  init(tomb: [UInt8], keyFile: UInt64, entries: UInt64) {
    (self.tomb, self.keyFile, self.entries) = (tomb, keyFile, entries)
  }

  func encoded(under root: SecretKey) throws -> [UInt8] {
    var bytes = Self.magic + tomb
    bytes.append(number: keyFile)
    bytes.append(number: entries)
    return bytes + KeyedTag.tag(bytes, key: try root.subkey(1, .seen))
  }

  /// - Parameter roots: Those that are valid now: the record is written after what it speaks of.
  /// - Throws: `tomb.malformed`, `tomb.changed`, `tomb.mixed`.
  init(_ bytes: [UInt8], of tomb: [UInt8], under roots: [SecretKey]) throws {
    do {
      var reader = BinaryReader(bytes, subject: "the tomb's record")
      guard try reader.bytes(Self.magic.count, "first bytes") == Self.magic else {
        throw ApplianceError(.malformed, "these are not the first bytes of a record")
      }
      let id = try reader.bytes(KeyFile.idBytes, "id")
      keyFile = try TombCounter.read(&reader)
      entries = try TombCounter.read(&reader)
      let tag = try reader.bytes(KeyedTag.count, "tag")
      try reader.requireEnd()
      guard id == tomb else {
        throw ApplianceError(.tombMixed, "the record is that of another tomb")
      }
      self.tomb = id
      let content = Array(bytes.dropLast(KeyedTag.count))
      let isOurs = try roots.contains {
        KeyedTag.isTag(tag, of: content, key: try $0.subkey(1, .seen))
      }
      guard isOurs else {
        throw ApplianceError(.tombChanged, "the tomb's record was changed")
      }
    } catch let error as ApplianceError where error.code == .malformed {
      throw ApplianceError(.tombMalformed, "the tomb's record is damaged: \(error.message)")
    }
  }

  /// - Throws: `tomb.older-copy`.
  func require(keyFile: UInt64, entries: UInt64) throws {
    guard keyFile >= self.keyFile else { throw Self.older("tomb.rr", keyFile, self.keyFile) }
    guard entries >= self.entries else {
      throw Self.older("the file of entries", entries, self.entries)
    }
  }

  private static func older(
    _ what: String, _ found: UInt64, _ expected: UInt64
  ) -> ApplianceError {
    ApplianceError(
      .tombOlder, "\(what) is an older copy: number \(found), and it was \(expected) already",
      hint: "put the present one back; if this is a restored backup: kafclaw tomb accept-older")
  }
}
