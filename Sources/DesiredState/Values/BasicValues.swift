// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel

extension Bool: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> Bool? {
    switch node.content {
    case .scalar("true", true): return true
    case .scalar("false", true): return false
    case .scalar(let text, true) where ["yes", "on", "True", "TRUE"].contains(text):
      decoding.reject(node, path, "expected true or false, found \"\(text)\"", hint: "write true")
    case .scalar(let text, true) where ["no", "off", "False", "FALSE"].contains(text):
      decoding.reject(node, path, "expected true or false, found \"\(text)\"", hint: "write false")
    default: decoding.reject(node, path, "expected true or false, found \(node.kindName)")
    }
    return nil
  }

  package static var schema: [String: JSONValue] { ["type": "boolean"] }
  package static var form: String { "`true` or `false`" }
  package var json: JSONValue { .bool(self) }
}

extension String: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> String? {
    guard let text = node.text(at: path, into: &decoding, expecting: "text") else { return nil }
    if case .scalar(_, true) = node.content, node.kindName != "text" {
      decoding.reject(
        node, path, "expected text, found \(node.kindName)", hint: "put it in quotes")
      return nil
    }
    guard text.unicodeScalars.allSatisfy({ !VisibleText.isInvisible($0) }) else {
      decoding.reject(node, path, "control characters are not allowed")
      return nil
    }
    guard !text.isEmpty else {
      decoding.reject(node, path, "empty text is not allowed", hint: "remove the field instead")
      return nil
    }
    return text
  }

  package static var schema: [String: JSONValue] { ["type": "string", "minLength": 1] }
  package static var form: String { "text" }
  package var json: JSONValue { .string(self) }
}

extension Optional: SpecValue where Wrapped: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> Wrapped?? {
    guard let value = Wrapped.decode(node, at: path, into: &decoding) else { return nil }
    return .some(.some(value))
  }

  package static var schema: [String: JSONValue] { Wrapped.schema }
  package static var form: String { Wrapped.form }
  package var json: JSONValue { self?.json ?? .null }
}

extension Array: SpecValue where Element: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> [Element]? {
    guard case .sequence(let items) = node.content else {
      decoding.reject(node, path, "expected a list, found \(node.kindName)")
      return nil
    }
    var values: [Element] = []
    values.reserveCapacity(items.count)
    for (index, item) in items.enumerated() {
      let place = path.item(index)
      decoding.note(place, item.origin)
      if let value = Element.decode(item, at: place, into: &decoding) { values.append(value) }
    }
    return values.count == items.count ? values : nil
  }

  package static var schema: [String: JSONValue] {
    ["type": "array", "items": .object(Element.schema)]
  }
  package static var form: String { "list of \(Element.form)" }
  package var json: JSONValue { .array(map { $0.json }) }
}

/// A mapping whose keys the operator chooses.
extension Dictionary: SpecValue where Key == String, Value: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> [String: Value]? {
    guard case .mapping(let entries) = node.content else {
      decoding.reject(node, path, "expected a mapping, found \(node.kindName)")
      return nil
    }
    var values: [String: Value] = [:]
    for entry in entries {
      let place = path.field(entry.key)
      guard ResourceName.isValid(entry.key) else {
        let key = DocumentNode(.scalar(text: entry.key, isPlain: true), origin: entry.origin)
        decoding.reject(
          key, path, "\(Quoted(entry.key)) is not a name", rule: "name", hint: ResourceName.rule)
        continue
      }
      guard !SecretPattern.matches(entry.key) else {
        let key = DocumentNode(.scalar(text: entry.key, isPlain: true), origin: entry.origin)
        decoding.reject(
          key, path, "a secret must not stand in the desired state", rule: "secret-literal",
          hint: "choose another name")
        continue
      }
      decoding.note(place, entry.origin)
      if let value = Value.decode(entry.value, at: place, into: &decoding) {
        values[entry.key] = value
      }
    }
    return values.count == entries.count ? values : nil
  }

  package static var schema: [String: JSONValue] {
    [
      "type": "object", "propertyNames": ["pattern": .string(ResourceName.pattern)],
      "additionalProperties": .object(Value.schema),
    ]
  }
  package static var form: String { "mapping of names to \(Value.form)" }
  package var json: JSONValue { .object(mapValues { $0.json }) }
}

/// Names that the operator gives to channels, providers and hosts.
public enum ResourceName {
  static let pattern = "^[a-z][a-z0-9-]{0,62}$"
  static let rule = "use lower-case letters, digits and hyphens, starting with a letter"

  public static func isValid(_ name: String) -> Bool {
    guard let first = name.utf8.first, (1...63).contains(name.utf8.count) else { return false }
    guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
  }
}
