// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The fields of a query: the first of each name.
struct QueryFields {
  private var values: [String: String] = [:]

  init(_ query: String) {
    for pair in query.split(separator: "&").prefix(32) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = Self.decode(parts[0])
      guard let name, values[name] == nil, let value = Self.decode(parts.count > 1 ? parts[1] : "")
      else { continue }
      values[name] = value
    }
  }

  subscript(name: String) -> String? { values[name] }

  /// `application/x-www-form-urlencoded`; `nil` where it is not.
  static func decode(_ text: Substring) -> String? {
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
