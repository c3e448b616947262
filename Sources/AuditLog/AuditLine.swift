// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// One line of the log: `{"chain":[NUMBER,"HASH"],"record":{…}}` or `{"chain":…,"seal":{…}}`, where
/// the hash is the chain's before this line. `docs/formats/audit.md` has every byte.
struct AuditLine {
  let number: UInt64
  let previous: HashValue
  let isSeal: Bool
  /// The object after `"record":` or `"seal":`, without the closing brace of the line.
  let body: Range<Int>

  private static let opening = Array(#"{"chain":["#.utf8)
  private static let hash = Array(#",""#.utf8)
  private static let record = Array(#""],"record":"#.utf8)
  private static let seal = Array(#""],"seal":"#.utf8)

  static func bytes(_ number: UInt64, after chain: HashValue, record: [UInt8]) -> [UInt8] {
    head(number, chain) + Self.record + record + [UInt8(ascii: "}")]
  }

  static func bytes(_ number: UInt64, after chain: HashValue, seal: [UInt8]) -> [UInt8] {
    head(number, chain) + Self.seal + seal + [UInt8(ascii: "}")]
  }

  private static func head(_ number: UInt64, _ chain: HashValue) -> [UInt8] {
    opening + Array(String(number).utf8) + hash + Array(chain.hexadecimal.utf8)
  }

  /// Reads exactly the form that is written; `nil` for anything else. Looks at the head only: it
  /// is asked for millions of lines.
  init?(_ line: UnsafeRawBufferPointer) {
    var offset = 0
    guard Self.skip(Self.opening, line, &offset),
      let number = Self.number(line, &offset),
      Self.skip(Self.hash, line, &offset), offset + 64 <= line.count,
      let previous = HashValue(
        hexadecimal: UnsafeRawBufferPointer(rebasing: line[offset..<offset + 64]))
    else { return nil }
    offset += 64
    if Self.skip(Self.record, line, &offset) {
      isSeal = false
    } else if Self.skip(Self.seal, line, &offset) {
      isSeal = true
    } else {
      return nil
    }
    guard number < AuditFiles.numberLimit, line.count >= offset + 3,
      line[offset] == UInt8(ascii: "{"),
      line[line.count - 1] == UInt8(ascii: "}"), line[line.count - 2] == UInt8(ascii: "}")
    else { return nil }
    (self.number, self.previous, body) = (number, previous, offset..<line.count - 1)
  }

  private static func skip(
    _ text: [UInt8], _ line: UnsafeRawBufferPointer, _ offset: inout Int
  ) -> Bool {
    guard line.count - offset >= text.count else { return false }
    for index in text.indices where line[offset + index] != text[index] { return false }
    offset += text.count
    return true
  }

  /// At most 19 digits: no number of lines overflows.
  private static func number(_ line: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt64? {
    let start = offset
    var value: UInt64 = 0
    while offset < line.count, offset - start < 19,
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(line[offset])
    {
      value = value * 10 + UInt64(line[offset] - UInt8(ascii: "0"))
      offset += 1
    }
    let isShortest = offset - start == 1 || (offset > start && line[start] != UInt8(ascii: "0"))
    return isShortest ? value : nil
  }
}

/// Where a log stands: its tree, the chain over its lines, and its last seal.
struct AuditState: Sendable, Equatable {
  var tree = HashTree()
  /// The hash that the next line names.
  var chain = HashValue()
  /// Number of the next seal.
  var epoch: UInt64 = 0
  /// Lines when the last seal had been written.
  var sealed: UInt64 = 0
  /// When the first line that is not sealed yet was written.
  var unsealedSince: Date?
  /// Public key of the next seal, as the last one names it.
  var nextKey: String?
  /// What is kept apart from the log since the last seal.
  var anchor: AuditFiles.Anchor?
  /// When the last seal was made.
  var sealedAt: Date?

  /// The number of the next line.
  var size: UInt64 { tree.size }

  mutating func append(_ line: UnsafeRawBufferPointer) {
    let leaf = HashTree.leaf(line)
    tree.append(leaf)
    chain = HashValue(2, chain, leaf)
  }

  /// The line that was appended last is a seal of this number.
  mutating func sealed(_ number: UInt64, next key: String?, at date: Date?) {
    (epoch, sealed, unsealedSince, nextKey, sealedAt) = (number + 1, size, nil, key, date)
    anchor = AuditFiles.Anchor(
      size: size, epoch: epoch, chain: chain.hexadecimal, root: tree.root.hexadecimal)
  }
}
