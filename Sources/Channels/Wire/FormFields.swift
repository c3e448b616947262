// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The fields of a query or a form (WHATWG URL, "application/x-www-form-urlencoded"): the first of each name.
public struct FormFields: Sendable {
  private static let limit = 64

  private var values: [String: String] = [:]

  public init(_ query: String) {
    for pair in query.split(separator: "&").prefix(Self.limit) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = Self.decode(parts[0])
      guard let name, values[name] == nil, let value = Self.decode(parts.count > 1 ? parts[1] : "")
      else { continue }
      values[name] = value
    }
  }

  public subscript(name: String) -> String? { values[name] }

  /// Fields whose names begin so, without that beginning.
  public func all(after prefix: String) -> [String: String] {
    var found: [String: String] = [:]
    for (name, value) in values where name.hasPrefix(prefix) {
      found[String(name.dropFirst(prefix.count))] = value
    }
    return found
  }

  /// A value as it stands in an address.
  public static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      let isPlain =
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
      if isPlain {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        encoded += "%" + Hexadecimal.encode([byte]).uppercased()
      }
    }
    return encoded
  }

  /// `nil` where it is none.
  private static func decode(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(0x20)
      case UInt8(ascii: "%"):
        guard rest.count >= 2,
          let decoded = Hexadecimal.decode(
            String(decoding: rest.prefix(2), as: UTF8.self).lowercased())
        else { return nil }
        bytes += decoded
        rest = rest.dropFirst(2)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
