// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// Text that should be a JSON Pointer is none.
  public static let pointerMalformed = Self("plan.pointer")
}

/// The place of a value inside another (RFC 6901): `/channels/web/allow/0`.
///
/// Total: any text is either a pointer or an error, any pointer finds a value or nothing.
public struct JSONPointer: Sendable {
  /// Names of members and numbers of items, from the outside in. Empty for the whole value.
  public let tokens: [String]

  public init(_ tokens: [String]) {
    self.tokens = tokens
  }

  /// - Throws: `plan.pointer` unless the text is empty or starts with a slash, and every `~` is
  ///   followed by `0` or `1`.
  public init(parsing text: String) throws {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard let first = parts.first, first.isEmpty else {
      throw Self.malformed(text, "does not start with a slash")
    }
    tokens = try parts.dropFirst().map { part in
      guard let token = Self.unescape(part) else {
        throw Self.malformed(text, "has a ~ that is not followed by 0 or 1")
      }
      return token
    }
  }

  /// The pointer as it is written.
  public var text: String {
    var bytes: [UInt8] = []
    for token in tokens {
      bytes.append(UInt8(ascii: "/"))
      // By bytes: a slash with a combining mark after it is one character, and no slash.
      for byte in token.utf8 {
        switch byte {
        case UInt8(ascii: "~"): bytes.append(contentsOf: "~0".utf8)
        case UInt8(ascii: "/"): bytes.append(contentsOf: "~1".utf8)
        default: bytes.append(byte)
        }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The value there; `nil` when there is none.
  public func value(in root: JSONValue) -> JSONValue? {
    var value = root
    for token in tokens {
      guard let inner = Self.step(into: value, token) else { return nil }
      value = inner
    }
    return value
  }

  private static func step(into value: JSONValue, _ token: String) -> JSONValue? {
    switch value {
    case .object(let members):
      // RFC 6901 compares code points; Swift's dictionaries take equivalent spellings for equal.
      guard let index = members.index(forKey: token),
        members[index].key.utf8.elementsEqual(token.utf8)
      else { return nil }
      return members[index].value
    case .array(let items):
      guard let index = itemNumber(token), items.indices.contains(index) else { return nil }
      return items[index]
    case .null, .bool, .integer, .string: return nil
    }
  }

  /// Digits without a leading zero. `-`, the item after the last, is never there.
  private static func itemNumber(_ token: String) -> Int? {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard token.utf8.allSatisfy(digits.contains), token == "0" || token.utf8.first != digits.first
    else { return nil }
    return Int(token)
  }

  private static func unescape(_ part: Substring.UTF8View) -> String? {
    var bytes: [UInt8] = []
    var isEscape = false
    for byte in part {
      if isEscape {
        switch byte {
        case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
        case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
        default: return nil
        }
        isEscape = false
      } else if byte == UInt8(ascii: "~") {
        isEscape = true
      } else {
        bytes.append(byte)
      }
    }
    return isEscape ? nil : String(decoding: bytes, as: UTF8.self)
  }

  private static func malformed(_ text: String, _ why: String) -> ApplianceError {
    let shown = String(VisibleText.escape(String(text.unicodeScalars.prefix(64))))
    return ApplianceError(.pointerMalformed, "\"\(shown)\" is no JSON Pointer: it \(why)")
  }
}
