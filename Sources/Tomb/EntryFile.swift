// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// The sealed entries, in one file that is replaced as a whole: an index and the values, each under
/// its own nonce. `docs/formats/tomb.md` has every byte.
struct EntryFile: Sendable {
  /// What is sealed in front of the values. Names are secret too.
  struct Index: Codable {
    var entries: [TombEntry]
    /// The highest version number that a removed entry had.
    var retired: [String: Int]

    /// Whoever makes a whole tomb can write anything into its index.
    ///
    /// - Throws: `model.malformed`.
    func requireWhole() throws {
      let names = Set(entries.map(\.name))
      guard names.count == entries.count, entries.count <= EntryFile.entryLimit,
        retired.keys.allSatisfy({ !names.contains($0) && TombEntry.isName($0) }),
        retired.values.allSatisfy(TombEntry.numbers.contains),
        entries.allSatisfy(\.isWhole)
      else { throw ApplianceError(.malformed, "its index has entries that cannot be") }
    }
  }

  let tomb: [UInt8]
  let epoch: UInt32
  /// Grows with every writing of the file.
  let counter: UInt64
  private(set) var entries: [TombEntry]
  private(set) var retired: [String: Int]
  /// Ciphertexts in the order of entries and their versions.
  private var sealed: [[UInt8]]

  static let magic = Array("KAFSEAL\u{1}".utf8)
  static let entryLimit = 1_000
  /// Bytes.
  static let sizeLimit = 128 << 20
  /// Values are padded to a multiple of so many bytes (ISO/IEC 7816-4).
  static let padding = 64

  private init(
    tomb: [UInt8], epoch: UInt32, counter: UInt64, index: Index, sealed: [[UInt8]]
  ) {
    (self.tomb, self.epoch, self.counter) = (tomb, epoch, counter)
    (entries, retired, self.sealed) = (index.entries, index.retired, sealed)
  }

  init(tomb: [UInt8], epoch: UInt32) {
    self.init(
      tomb: tomb, epoch: epoch, counter: 0, index: Index(entries: [], retired: [:]), sealed: [])
  }

  private static func header(_ tomb: [UInt8], _ epoch: UInt32, _ counter: UInt64) -> [UInt8] {
    var bytes = magic + tomb
    bytes.append(number: epoch)
    bytes.append(number: counter)
    return bytes
  }

  /// Whether nothing was ever set in it.
  var isUnused: Bool { counter <= 1 && entries.isEmpty && retired.isEmpty }

  /// Whether these are the bytes of a file that was written once only: an empty one.
  static func isUnused(_ bytes: [UInt8]) -> Bool {
    var first: [UInt8] = []
    first.append(number: UInt64(1))
    let place = magic.count + KeyFile.idBytes + 4
    return bytes.starts(with: magic) && Array(bytes.dropFirst(place).prefix(8)) == first
  }

  /// The bytes of the file, with the next counter.
  ///
  /// - Throws: `tomb.invalid` for more than can be read again.
  func encoded(under keys: TombKeys) throws -> (bytes: [UInt8], counter: UInt64) {
    let next = counter + 1
    var bytes = Self.header(tomb, epoch, next)
    let index = try ApplianceJSON.encode(Index(entries: entries, retired: retired))
    let sealedIndex = try index.withUnsafeBytes {
      SealedBytes.seal($0, key: try keys.root.subkey(1, .index), context: bytes)
    }
    bytes.append(number: UInt32(clamping: sealedIndex.count))
    bytes += sealedIndex + sealed.joined()
    guard index.count <= ApplianceJSON.defaultLimit, bytes.count <= Self.sizeLimit else {
      throw ApplianceError(
        .tombInvalid, "the tomb would have \(bytes.count) bytes, and holds \(Self.sizeLimit)",
        hint: "kafclaw tomb remove what is not needed any more")
    }
    return (bytes, next)
  }

  /// Opens the index; values stay sealed.
  ///
  /// - Throws: `tomb.malformed`, `tomb.mixed`, `tomb.changed`.
  init(_ bytes: [UInt8], of tomb: [UInt8], _ keys: [TombKeys]) throws {
    do {
      var reader = BinaryReader(bytes, subject: "the file of entries")
      guard try reader.bytes(Self.magic.count, "first bytes") == Self.magic else {
        throw ApplianceError(.malformed, "these are not the first bytes of such a file")
      }
      let id = try reader.bytes(KeyFile.idBytes, "tomb's id")
      let epoch = try reader.number(UInt32.self, "epoch")
      let counter = try TombCounter.read(&reader)
      guard id == tomb, let keys = keys.first(where: { $0.epoch == epoch }) else {
        throw ApplianceError(
          .tombMixed, "the entries are those of another tomb, or sealed under a key that is gone",
          hint: "restore tomb.rr and the folder of entries from the same backup")
      }
      let size = Int(try reader.number(UInt32.self, "index"))
      let sealedIndex = try reader.bytes(size, "index")
      let index = try Self.index(sealedIndex, keys, Self.header(id, epoch, counter))
      let values = try index.entries.flatMap(\.versions).map {
        try reader.bytes($0.length, "values")
      }
      try reader.requireEnd()
      self.init(tomb: tomb, epoch: epoch, counter: counter, index: index, sealed: values)
    } catch let error as ApplianceError where error.code == .malformed {
      throw ApplianceError(
        .tombMalformed, "the tomb is damaged: \(error.message)",
        hint: "restore it from a backup")
    }
  }

  private static func index(
    _ sealed: [UInt8], _ keys: TombKeys, _ header: [UInt8]
  ) throws -> Index {
    do {
      let opened = try SealedBytes.open(
        sealed, key: try keys.root.subkey(1, .index), context: header)
      let index = try opened.withBytes { try ApplianceJSON.decode(Index.self, from: Array($0)) }
      try index.requireWhole()
      return index
    } catch let error as ApplianceError where error.code == .ciphertextMalformed {
      throw ApplianceError(.malformed, "its index is too short")
    } catch let error as ApplianceError where error.code == .notAuthentic {
      throw ApplianceError(
        .tombChanged, "the tomb was changed by somebody without its key",
        hint: "restore it from a backup, then look for who could write to it")
    }
  }
}

extension EntryFile {
  func entry(_ name: String) -> TombEntry? { entries.first { $0.name == name } }

  private func place(of version: TombEntry.Version, in entry: TombEntry) -> Int? {
    var place = 0
    for each in entries {
      for other in each.versions {
        if each.name == entry.name && other.id == version.id { return place }
        place += 1
      }
    }
    return nil
  }

  func value(
    _ version: TombEntry.Version, of entry: TombEntry, _ keys: TombKeys
  ) throws -> SecretValue {
    guard let place = place(of: version, in: entry), place < sealed.count else {
      throw ApplianceError(.tombNoEntry, "\"tomb:\(entry.name)\" has no such version")
    }
    do {
      let padded = try SealedBytes.open(
        sealed[place], key: try keys.root.subkey(1, .values),
        context: entry.context(of: version, tomb: tomb, epoch: epoch))
      return try padded.withBytes(Self.unpadded)
    } catch let error as ApplianceError where error.code == .notAuthentic {
      throw ApplianceError(
        .tombChanged, "the value of \"tomb:\(entry.name)\" was changed or exchanged",
        hint: "restore the tomb from a backup, then look for who could write to it")
    }
  }

  /// Opens every value.
  ///
  /// - Returns: How many there are.
  func verify(_ keys: TombKeys) throws -> Int {
    for entry in entries {
      for version in entry.versions { _ = try value(version, of: entry, keys) }
    }
    return sealed.count
  }

  /// The same entries under another key, to be written with the next counter.
  func resealed(from old: TombKeys, under new: TombKeys) throws -> EntryFile {
    var next = EntryFile(
      tomb: tomb, epoch: new.epoch, counter: counter,
      index: Index(entries: [], retired: retired), sealed: [])
    for entry in entries {
      let values = try entry.versions.map { try value($0, of: entry, old) }
      try next.replace(entry, with: values, new)
    }
    return next
  }

  /// The same entries in another tomb.
  ///
  /// - Parameter counter: That of the file they replace there.
  func copied(
    to tomb: [UInt8], counter: UInt64 = 0, from old: TombKeys, under new: TombKeys
  ) throws -> EntryFile {
    var copy = EntryFile(
      tomb: tomb, epoch: new.epoch, counter: counter,
      index: Index(entries: [], retired: retired), sealed: [])
    for entry in entries {
      try copy.replace(entry, with: try entry.versions.map { try value($0, of: entry, old) }, new)
    }
    return copy
  }

  /// Puts an entry with all its values in the place of the one with its name.
  mutating func replace(_ entry: TombEntry, with values: [SecretValue], _ keys: TombKeys) throws {
    remove(entry.name)
    guard entries.count < Self.entryLimit else {
      throw ApplianceError(.tombInvalid, "a tomb holds at most \(Self.entryLimit) entries")
    }
    let key = try keys.root.subkey(1, .values)
    var entry = entry
    for (index, value) in values.enumerated() {
      let bytes = value.withBytes(Self.padded).withBytes {
        SealedBytes.seal(
          $0, key: key,
          context: entry.context(of: entry.versions[index], tomb: tomb, epoch: epoch))
      }
      entry.versions[index].length = bytes.count
      sealed.append(bytes)
    }
    entries.append(entry)
    retired[entry.name] = nil
  }

  @discardableResult
  mutating func remove(_ name: String) -> TombEntry? {
    guard let index = entries.firstIndex(where: { $0.name == name }) else { return nil }
    let before = entries[..<index].reduce(0) { $0 + $1.versions.count }
    let entry = entries.remove(at: index)
    sealed.removeSubrange(before..<min(sealed.count, before + entry.versions.count))
    retired[name] = entry.versions.last?.number
    return entry
  }

  private static func padded(_ value: UnsafeRawBufferPointer) -> SecretValue {
    let size = (value.count / padding + 1) * padding
    return SecretValue(count: size) { target in
      target.copyMemory(from: value)
      target[value.count] = 0x80
    }
  }

  private static func unpadded(_ padded: UnsafeRawBufferPointer) throws -> SecretValue {
    guard let end = padded.lastIndex(where: { $0 != 0 }), padded[end] == 0x80 else {
      throw ApplianceError(.tombMalformed, "a value of the tomb has no end")
    }
    return SecretValue(copying: padded[..<end])
  }
}
