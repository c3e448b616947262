// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Reads the binary forms of SSH (RFC 4251 §5) front to back; nothing is read beyond the end.
struct WireReader {
  private var rest: ArraySlice<UInt8>
  private let subject: String

  /// - Parameter subject: What is being read, for messages.
  init(_ bytes: [UInt8], subject: String) {
    rest = bytes[...]
    self.subject = subject
  }

  /// - Throws: `provenance.malformed` when fewer bytes are left.
  mutating func bytes(_ count: Int, _ field: String) throws -> [UInt8] {
    guard count >= 0, count <= rest.count else {
      throw ApplianceError.malformed("\(subject) ends within its \(field)")
    }
    defer { rest = rest.dropFirst(count) }
    return [UInt8](rest.prefix(count))
  }

  /// Four bytes, the highest first.
  mutating func number(_ field: String) throws -> UInt32 {
    try bytes(4, field).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// A length and so many bytes.
  mutating func string(_ field: String) throws -> [UInt8] {
    let length = try number(field)
    guard let count = Int(exactly: length) else {
      throw ApplianceError.malformed("\(subject) ends within its \(field)")
    }
    return try bytes(count, field)
  }

  func requireEnd() throws {
    guard rest.isEmpty else {
      throw ApplianceError.malformed("\(subject) has \(rest.count) bytes too many")
    }
  }
}

/// Writes the binary forms of SSH.
enum WireForm {
  static func string(_ bytes: some Collection<UInt8>) -> [UInt8] {
    number(UInt32(clamping: bytes.count)) + bytes
  }

  static func number(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }
}
