// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import FoundationEssentials

/// The one JSON coding of the product: sorted keys, ISO 8601 dates, slashes unescaped.
///
/// Everything that is written to a disk, a socket or a terminal as JSON goes through here, so that
/// key order and dates never differ between two places.
public enum ApplianceJSON {
  /// The largest document ``decode(_:from:limit:)`` accepts unless told otherwise. Bytes.
  public static let defaultLimit = 64 << 20

  /// Lists and objects inside each other that ``decode(_:from:limit:)`` accepts.
  public static let depthLimit = 64

  public static func encode(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      pretty
      ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
      : [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    do {
      return [UInt8](try encoder.encode(value))
    } catch {
      // The encoder's own error quotes the value.
      throw ApplianceError(.malformed, "\(type(of: value)) has no JSON form")
    }
  }

  /// - Throws: ``ApplianceError`` with code `model.malformed` when the bytes are not the JSON of
  ///   `type`. The message never quotes the input: it may hold a secret.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: some Sequence<UInt8>, limit: Int = defaultLimit
  ) throws -> Value {
    let bytes = Array(bytes)
    guard bytes.count <= limit else {
      throw ApplianceError(.malformed, "document of \(bytes.count) bytes is over \(limit) bytes")
    }
    // The decoder would also read UTF-16 and UTF-32, whose brackets the next check cannot tell.
    guard !bytes.contains(0) else {
      throw ApplianceError(.malformed, "not the JSON of \(type): not UTF-8, or a zero byte")
    }
    guard !isNested(bytes, deeperThan: depthLimit) else {
      throw ApplianceError(.malformed, "nested deeper than \(depthLimit) levels")
    }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    do {
      return try decoder.decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw ApplianceError(.malformed, "not the JSON of \(type): \(place(of: error))")
    }
  }

  /// Whether an object names one of its members twice: readers differ in which of the two they take (RFC 8259,
  /// section 4).
  public static func repeatsMembers(_ bytes: [UInt8]) throws -> Bool {
    let value = try decode(JSONValue.self, from: bytes)
    var nesting = JSONNesting()
    let written = bytes.count {
      _ = nesting.take($0)
      return $0 == UInt8(ascii: ":") && !nesting.isText
    }
    return written != members(of: value)
  }

  private static func members(of value: JSONValue) -> Int {
    switch value {
    case .array(let items): items.reduce(0) { $0 + members(of: $1) }
    case .object(let fields): fields.values.reduce(fields.count) { $0 + members(of: $1) }
    default: 0
    }
  }

  /// Decoding a deep document costs far more than this look at its brackets.
  private static func isNested(_ bytes: [UInt8], deeperThan limit: Int) -> Bool {
    var nesting = JSONNesting()
    return bytes.contains { nesting.take($0).level > limit }
  }

  private static func place(of error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
      "missing \"\(path(context.codingPath + [key]))\""
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "\"\(path(context.codingPath))\" is not a \(type)"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "syntax error" : "\"\(path(context.codingPath))\" is malformed"
    @unknown default: "malformed"
    }
  }

  /// Names of fields are letters; a key of the input that is not may be anything, a secret too.
  private static func isName(_ key: String) -> Bool {
    key.utf8.count <= 32
      && key.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0 == "_" }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.map { isName($0.stringValue) ? $0.stringValue : "…" }.joined(separator: ".")
  }
}
