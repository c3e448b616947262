// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

extension KeyedDecodingContainer {
  /// A count within what can be added up.
  func count(_ key: Key) -> Int? {
    if let number = lenient(Int64.self, key) { return Int(min(max(0, number), 1 << 40)) }
    return nil
  }
}

/// JSON with any number, for what is shown or passed on as text.
enum AnyJSON: Decodable {
  case value(JSONValue)
  /// Holds a number that the product has no form for.
  case inexact

  init(from decoder: any Decoder) throws {
    // `try?`: anything that has no exact form is the other case.
    let value = try? JSONValue(from: decoder)
    self = value.map(Self.value) ?? .inexact
  }
}

/// The provider's text for a tool's arguments.
enum ToolArguments {
  private static let depthLimit = 16
  private static let byteLimit = 1 << 20
  private static let shownCharacters = 200

  /// The object that the text is; its beginning, as text, when it is none. No text is no
  /// arguments.
  static func value(of text: String) -> JSONValue {
    if text.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) { return [:] }
    // `try?`: what is wrong with it is for whoever carries out the call.
    let value = try? ApplianceJSON.decode(JSONValue.self, from: text.utf8, limit: byteLimit)
    guard let value, case .object = value, value.depth <= depthLimit else {
      return .string(String(text.prefix(shownCharacters)))
    }
    return value
  }

  static func isObject(_ text: String) -> Bool {
    if case .object = value(of: text) { return true }
    return false
  }
}
