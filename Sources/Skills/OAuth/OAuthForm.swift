// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// `application/x-www-form-urlencoded`, as OAuth uses it (RFC 6749, appendix B).
public enum OAuthForm {
  public static func text(_ fields: [(String, String)]) -> String {
    fields.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
  }

  /// `nil` where a field is there twice or is not encoded as it should be: what one reader passes over another
  /// one takes.
  static func fields(_ query: String) -> [String: String]? {
    var fields: [String: String] = [:]
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard fields.count < 64, let name = decoded(parts[0]), fields[name] == nil,
        let value = decoded(parts.count > 1 ? parts[1] : "")
      else { return nil }
      fields[name] = value
    }
    return fields
  }

  /// A word of a server as it may be shown: its names for errors are such words (RFC 6749, section 5.2).
  static func word(_ text: String?) -> String {
    let isWord =
      text.map { text in
        (1...60).contains(text.utf8.count)
          && text.utf8.allSatisfy {
            $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          }
      } ?? false
    return isWord ? text ?? "" : "no known error"
  }

  public static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default: encoded += "%" + Hexadecimal.encode([byte]).uppercased()
      }
    }
    return encoded
  }

  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
        continue
      }
      guard rest.count >= 2,
        let decoded = Hexadecimal.decode(
          String(decoding: rest.prefix(2), as: UTF8.self).lowercased())
      else { return nil }
      bytes += decoded
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
