// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Reads a binary form front to back; nothing is read beyond the end. Numbers have the highest byte
/// first.
public struct BinaryReader {
  private var rest: ArraySlice<UInt8>
  private let subject: String

  /// - Parameter subject: What is being read, for messages.
  public init(_ bytes: [UInt8], subject: String) {
    rest = bytes[...]
    self.subject = subject
  }

  public var count: Int { rest.count }

  /// - Throws: `model.malformed` when fewer bytes are left.
  public mutating func bytes(_ count: Int, _ field: String) throws -> [UInt8] {
    guard count >= 0, count <= rest.count else {
      throw ApplianceError(.malformed, "\(subject) ends within its \(field)")
    }
    defer { rest = rest.dropFirst(count) }
    return [UInt8](rest.prefix(count))
  }

  public mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type, _ field: String
  ) throws -> Number {
    try bytes(Number.bitWidth / 8, field).reduce(0) { $0 << 8 | Number($1) }
  }

  public func requireEnd() throws {
    guard rest.isEmpty else {
      throw ApplianceError(.malformed, "\(subject) has \(rest.count) bytes too many")
    }
  }
}

extension [UInt8] {
  /// Appends a number, the highest byte first.
  public mutating func append<Number: FixedWidthInteger & UnsignedInteger>(number: Number) {
    for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: number >> Number(shift)))
    }
  }
}

extension Hexadecimal {
  /// The bytes of an even number of lower-case digits; `nil` for anything else.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2), digits.allSatisfy(isDigit) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { index in
      value(digits[index]) << 4 | value(digits[index + 1])
    }
  }

  private static func value(_ digit: UInt8) -> UInt8 {
    digit < UInt8(ascii: "a") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
  }
}
