// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// `application/x-www-form-urlencoded`, as OAuth uses it (RFC 6749, appendix B).
public enum OAuthForm {
  private static let limit = 64

  public static func text(_ fields: [(String, String)]) -> String {
    fields.map { "\(PercentText.encode($0.0))=\(PercentText.encode($0.1))" }
      .joined(separator: "&")
  }

  /// `nil` where a field is there twice or is not encoded as it should be: what one reader passes over another
  /// one takes.
  static func fields(_ query: String) -> [String: String]? {
    let found = PercentText.fields(of: query, atMost: limit + 1)
    guard found.count <= limit else { return nil }
    var fields: [String: String] = [:]
    for field in found {
      guard let field, fields[field.name] == nil else { return nil }
      fields[field.name] = field.value
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
}
