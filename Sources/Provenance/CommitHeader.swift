// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The lines before a commit's message, taken in the only order that is allowed.
struct CommitHeader {
  /// The longest header with its signature. Bytes.
  static let limit = 64 << 10

  private var lines: ArraySlice<ArraySlice<UInt8>>
  /// What stands behind the blank line.
  let body: ArraySlice<UInt8>

  /// - Throws: `provenance.malformed` without a blank line in the first ``limit`` bytes.
  init(of commit: [UInt8]) throws {
    let feed = UInt8(ascii: "\n")
    var lines: [ArraySlice<UInt8>] = []
    var rest = commit[...]
    while true {
      let line = rest.prefix { $0 != feed }
      guard line.endIndex < commit.endIndex else {
        throw ApplianceError.malformed("the commit has no blank line before its message")
      }
      rest = rest.dropFirst(line.count + 1)
      guard rest.startIndex <= Self.limit else {
        throw ApplianceError.malformed("the commit's header is over \(Self.limit) bytes")
      }
      if line.isEmpty { break }
      guard !line.contains(UInt8(ascii: "\r")) else {
        throw ApplianceError.malformed("the commit's header holds a carriage return")
      }
      lines.append(line)
    }
    self.lines = lines[...]
    body = rest
  }

  /// The value of the next line when it is this header.
  mutating func takeIfPresent(_ name: String) -> [UInt8]? {
    let start = Array((name + " ").utf8)
    guard let line = lines.first, line.starts(with: start) else { return nil }
    lines = lines.dropFirst()
    return [UInt8](line.dropFirst(start.count))
  }

  mutating func take(_ name: String) throws -> [UInt8] {
    if let value = takeIfPresent(name) { return value }
    let found = lines.first.map { "\"\(Excerpt.of($0))\" stands" } ?? "nothing stands"
    throw ApplianceError.malformed("\(found) where the commit's \(name) header belongs")
  }

  /// An object id.
  static func id(_ value: [UInt8], header: String) throws -> String {
    guard ObjectID.isWellFormed(value) else {
      throw ApplianceError.malformed("the commit's \(header) is \"\(Excerpt.of(value))\"")
    }
    return String(decoding: value, as: UTF8.self)
  }

  /// The signature with its continuation lines, each without its leading space and with its line
  /// feed.
  mutating func takeSignature() -> [UInt8]? {
    guard var text = takeIfPresent(Self.signature) else { return nil }
    text.append(UInt8(ascii: "\n"))
    while let line = lines.first, line.first == UInt8(ascii: " ") {
      text += line.dropFirst()
      text.append(UInt8(ascii: "\n"))
      lines = lines.dropFirst()
    }
    return text
  }

  func requireEnd() throws {
    guard let line = lines.first else { return }
    throw ApplianceError.malformed(
      "the commit's header \"\(Excerpt.of(line))\" is not allowed here")
  }

  static let signature = "gpgsig"

  /// The signature as header lines; the reverse of ``takeSignature()``.
  static func folded(_ text: [UInt8]) -> [UInt8] {
    let lines = text.dropLast().split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return Array("\(signature) ".utf8) + lines.joined(separator: [0x0A, 0x20]) + [0x0A]
  }
}
