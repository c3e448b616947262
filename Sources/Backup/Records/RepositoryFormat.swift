// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// What docs/formats/backup-repository.md fixes.
enum RepositoryFormat {
  static let version = 1
  /// Content of one chunk, at most. Of databases every chunk but the last has this length. Bytes.
  static let chunkLength = 256 << 10
  /// A pack is closed once it has so many bytes: it is held in memory until then.
  static let packLength = 4 << 20
  /// What sealing and compressing add to a chunk at most. Bytes.
  static let chunkOverhead = 4 << 10
  /// Bytes of a pack at most.
  static let packLimit = 261 * padding
  /// Packs are padded to a multiple of it: sizes of chunks do not show. Bytes.
  static let padding = 64 << 10
  /// Bytes of an index or a manifest, also of what it is decompressed to.
  static let recordLimit = 1 << 28
  /// Bytes of `config` or a key slot.
  static let smallLimit = 64 << 10
  /// Bytes of a head.
  static let headLimit = 1 << 20
  /// A chunk refers to at most so many others, itself counted.
  static let depthLimit = 16
  /// After so many versions one is stored whole again: a delta is at most six steps from it.
  static let generationLimit = 64

  /// Heads that may be gone without that all of them are refused.
  static let gapLimit = 1_000

  /// Whether files of a repository can have such a name. What a store lists is not believed to be one.
  static func isName(_ name: String) -> Bool {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return name.utf8.count <= 255
      && parts.allSatisfy { part in
        !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
          && part.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
              || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
          }
      }
  }

  /// Ten digits, so that names sort as numbers do.
  static func name(of sequence: Int) -> String {
    let digits = String(sequence)
    return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
  }

  /// - Returns: `nil` for a name that ``name(of:)`` does not make.
  static func sequence(of name: String) -> Int? {
    guard name.utf8.count == 10, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let sequence = Int(name), sequence > 0
    else { return nil }
    return sequence
  }

  static func pack(_ name: HashValue) -> String {
    let text = name.hexadecimal
    return "packs/\(text.prefix(2))/\(text)"
  }

  /// With what its content begins: two writers never mean the same file.
  static func index(_ sequence: Int, _ hash: String) -> String {
    "index/\(name(of: sequence))-\(hash.prefix(16))"
  }

  static func manifest(_ sequence: Int, _ hash: String) -> String {
    "snapshots/\(name(of: sequence))-\(hash.prefix(16))"
  }

  static func head(_ sequence: Int) -> String { "heads/\(name(of: sequence))" }

  /// Where the same is again: without it much more than one snapshot would be lost.
  static func copy(_ file: String) -> String { "copies/" + file }

  /// The copy of a file, or the file of a copy.
  static func counterpart(of file: String) -> String {
    file.hasPrefix("copies/") ? String(file.dropFirst("copies/".count)) : copy(file)
  }
}

/// The keys that follow from a repository's root key.
struct RepositoryKeys: Sendable {
  let data: SecretKey
  let ids: SecretKey
  let records: SecretKey

  init(root: SecretKey) throws {
    data = try root.subkey(1, SecretKey.Purpose("bkupdata"))
    ids = try root.subkey(1, SecretKey.Purpose("bkupids_"))
    records = try root.subkey(1, SecretKey.Purpose("bkuprecs"))
  }
}

/// Which repository: 16 random bytes.
public struct RepositoryID: Sendable, Hashable, CustomStringConvertible {
  let bytes: [UInt8]

  static func random() -> RepositoryID { RepositoryID(SecureRandom.bytes(16)) }

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  init?(_ text: String) {
    guard let bytes = Hexadecimal.decode(text), bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  public var description: String { Hexadecimal.encode(bytes) }

  /// What sealed bytes of this repository are: nothing opens as anything else.
  func context(_ kind: String, _ rest: [UInt8]) -> [UInt8] {
    Array("kafclaw-backup/\(RepositoryFormat.version)/\(kind)/".utf8) + bytes + rest
  }

  func context(_ kind: String, sequence: Int) -> [UInt8] {
    context(kind, BigEndian.bytes(UInt64(max(0, sequence))))
  }
}

/// Integers as the format writes them: most significant byte first.
enum BigEndian {
  static func bytes(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
  }

  static func bytes(_ value: UInt32) -> [UInt8] { Array(bytes(UInt64(value)).suffix(4)) }
}
