// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2

/// The parts of a commit that its place in history and its display need. Signatures are somebody
/// else's to read, from the same bytes.
struct CommitObject {
  /// A message may be long, but no longer. Bytes.
  static let limit = 1 << 20

  let tree: ObjectID
  let parents: [ObjectID]
  private let rest: ArraySlice<UInt8>
  private let identifier: ObjectID

  init(_ identifier: ObjectID, in repository: borrowing Repository) throws {
    let bytes = try repository.unpack(
      identifier, GIT_OBJECT_COMMIT, limit: Self.limit, as: "commit \(identifier)")
    try self.init(bytes, identifier)
  }

  /// - Throws: `source.refused` when the bytes do not begin as those of a commit.
  init(_ bytes: [UInt8], _ identifier: ObjectID) throws {
    self.identifier = identifier
    var reader = bytes[...]
    guard let tree = Self.take("tree ", from: &reader) else { throw Self.malformed(identifier) }
    var parents: [ObjectID] = []
    while let parent = Self.take("parent ", from: &reader) { parents.append(parent) }
    (self.tree, self.parents, rest) = (tree, parents, reader)
  }

  /// When it was committed, in seconds since 1970, until the year 9999.
  ///
  /// - Throws: `source.refused` when the commit does not say so.
  func committedAt() throws -> Int64 {
    let mark = Array("committer ".utf8)
    var lines = rest
    while let end = lines.firstIndex(of: 0x0A), end > lines.startIndex {
      let line = lines[..<end]
      lines = lines[(end + 1)...]
      guard line.starts(with: mark) else { continue }
      guard let close = line.lastIndex(of: UInt8(ascii: ">")) else { break }
      let words = line[(close + 1)...].split(separator: 0x20)
      guard let digits = words.first, digits.allSatisfy(AddressBytes.isDigit),
        let seconds = Int64(String(decoding: digits, as: UTF8.self)), seconds < 253_402_300_800
      else { break }
      return seconds
    }
    throw Self.malformed(identifier)
  }

  /// The first line of the message, at most 200 characters.
  var summary: String {
    var lines = rest
    while let end = lines.firstIndex(of: 0x0A), end > lines.startIndex {
      lines = lines[(end + 1)...]
    }
    let message = lines.drop { $0 == 0x0A }
    let line = String(decoding: message.prefix(1_000).prefix { $0 != 0x0A }, as: UTF8.self)
    return String(String.UnicodeScalarView(line.unicodeScalars.prefix(200)))
  }

  /// Takes one line of a mark and an id.
  private static func take(_ mark: String, from bytes: inout ArraySlice<UInt8>) -> ObjectID? {
    guard bytes.starts(with: mark.utf8) else { return nil }
    let line = bytes.dropFirst(mark.utf8.count)
    guard line.dropFirst(40).first == 0x0A, let id = ObjectID(digits: line.prefix(40)) else {
      return nil
    }
    bytes = line.dropFirst(41)
    return id
  }

  private static func malformed(_ identifier: ObjectID) -> ApplianceError {
    ApplianceError(.sourceRefused, "commit \(identifier) is malformed")
  }
}
