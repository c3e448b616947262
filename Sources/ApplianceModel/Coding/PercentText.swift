// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Text as addresses and forms carry it (RFC 3986, section 2.1; WHATWG URL, "application/x-www-form-urlencoded").
public enum PercentText {
  /// Every byte but those that RFC 3986, section 2.3, calls unreserved, in upper-case digits.
  public static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded += Hexadecimal.encode([byte]).uppercased().utf8
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// Digits of either case; a `+` is a space, as forms write it.
  ///
  /// - Returns: `nil` for a `%` without two digits, and for what is not UTF-8 then.
  public static func decode(_ text: some StringProtocol) -> String? {
    var decoded: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        let digits = String(decoding: rest.prefix(2), as: UTF8.self).lowercased()
        guard rest.count >= 2, let value = Hexadecimal.decode(digits) else { return nil }
        decoded += value
        rest = rest.dropFirst(2)
      case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
      default: decoded.append(byte)
      }
    }
    return String(validating: decoded, as: UTF8.self)
  }

  /// The first fields of a query or a form; `nil` for one that is not encoded as it should be.
  public static func fields(
    of query: String, atMost limit: Int
  ) -> [(name: String, value: String)?] {
    query.split(separator: "&").prefix(limit).map { field in
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decode(parts[0]), let value = decode(parts.count > 1 ? parts[1] : "")
      else { return nil }
      return (name, value)
    }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
