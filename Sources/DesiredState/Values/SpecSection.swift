// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel

/// A mapping with known keys: one `struct`, one list of its fields.
///
/// The list is the single source: reading, writing, JSON Schema and the reference page follow it.
package protocol SpecSection: SpecValue {
  init()
  static var summary: String { get }
  static var fields: [SpecField<Self>] { get }
}

/// One key of a section.
package struct SpecField<Section: Sendable>: Sendable {
  package let name: String
  package let documentation: String
  package let isRequired: Bool
  private let type: any SpecValue.Type
  let read: @Sendable (inout Section, DocumentNode, SpecPath, inout SpecDecoding) -> Void
  let write: @Sendable (Section) -> JSONValue

  package init<Value: SpecValue>(
    _ name: String, _ keyPath: any WritableKeyPath<Section, Value> & Sendable,
    required: Bool = false,
    _ documentation: String
  ) where Section: SpecSection {
    self.name = name
    self.documentation = documentation
    isRequired = required
    type = Value.self
    read = { section, node, path, decoding in
      if let value = Value.decode(node, at: path, into: &decoding) {
        section[keyPath: keyPath] = value
      }
    }
    write = { $0[keyPath: keyPath].json }
  }
}

/// What reading a document does not need, and is made only when asked for.
extension SpecField where Section: SpecSection {
  package var form: String { type.form }
  package var schema: [String: JSONValue] { type.schema }
  /// The value that holds where nothing is written.
  package var defaultValue: JSONValue { write(Section()) }
  /// The fields of the value, where it is a section or a collection of sections.
  package var nested: [SpecFieldDescription] {
    (type as? any SpecNesting.Type)?.nestedFields ?? []
  }
}

/// A field as the reference page and the tests see it.
package struct SpecFieldDescription: Sendable {
  /// As in `channels.*.allow`.
  package let pattern: String
  package let documentation: String
  package let form: String
  package let isRequired: Bool
  package let defaultValue: JSONValue
  package let hasNested: Bool

  func below(_ prefix: String) -> SpecFieldDescription {
    SpecFieldDescription(
      pattern: "\(prefix).\(pattern)", documentation: documentation, form: form,
      isRequired: isRequired, defaultValue: defaultValue, hasNested: hasNested)
  }
}

/// A value that has fields somewhere inside.
package protocol SpecNesting {
  static var nestedFields: [SpecFieldDescription] { get }
}

extension Optional: SpecNesting where Wrapped: SpecNesting {
  package static var nestedFields: [SpecFieldDescription] { Wrapped.nestedFields }
}

extension Array: SpecNesting where Element: SpecNesting {
  package static var nestedFields: [SpecFieldDescription] { Element.nestedFields }
}

extension Dictionary: SpecNesting where Value: SpecNesting {
  package static var nestedFields: [SpecFieldDescription] {
    Value.nestedFields.map { $0.below("*") }
  }
}

extension SpecSection where Self: SpecNesting {
  package static var nestedFields: [SpecFieldDescription] {
    fields.flatMap { field in
      [
        SpecFieldDescription(
          pattern: field.name, documentation: field.documentation, form: field.form,
          isRequired: field.isRequired, defaultValue: field.defaultValue,
          hasNested: !field.nested.isEmpty)
      ] + field.nested.map { $0.below(field.name) }
    }
  }
}

extension SpecSection {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> Self? {
    guard case .mapping(let entries) = node.content else {
      decoding.reject(node, path, "expected a mapping, found \(node.kindName)")
      return nil
    }
    var section = Self()
    let before = decoding.issues.count
    for entry in entries {
      guard let field = fields.first(where: { $0.name == entry.key }) else {
        rejectUnknown(entry, at: path, into: &decoding)
        continue
      }
      let place = path.field(entry.key)
      decoding.note(place, entry.origin)
      field.read(&section, entry.value, place, &decoding)
    }
    for field in fields where field.isRequired && !entries.contains(where: { $0.key == field.name })
    {
      decoding.reject(
        node, path.field(field.name), "\"\(field.name)\" is missing", rule: "required",
        hint: "expected \(field.form.filter { $0 != "`" })")
    }
    return decoding.issues.count == before ? section : nil
  }

  private static func rejectUnknown(
    _ entry: DocumentNode.Entry, at path: SpecPath, into decoding: inout SpecDecoding
  ) {
    let key = DocumentNode(.scalar(text: entry.key, isPlain: true), origin: entry.origin)
    let names = fields.map(\.name)
    let suggestion = NearestName.suggestion(for: entry.key, among: names)
    let place = path.text.isEmpty ? "" : " in \(path.text)"
    decoding.reject(
      key, path, "unknown key \(Quoted(entry.key))\(place)", rule: "unknown-key",
      hint: suggestion.map { "did you mean \"\($0)\"?" }
        ?? "known keys: \(names.joined(separator: ", "))")
  }

  package static var schema: [String: JSONValue] {
    var properties: [String: JSONValue] = [:]
    for field in fields {
      var schema = field.schema
      schema["description"] = .string(field.documentation)
      if field.defaultValue != .null, case .object = field.defaultValue {
      } else if field.defaultValue != .null {
        schema["default"] = field.defaultValue
      }
      properties[field.name] = .object(schema)
    }
    var schema: [String: JSONValue] = [
      "type": "object", "description": .string(summary), "additionalProperties": false,
      "properties": .object(properties),
    ]
    let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
    if !required.isEmpty { schema["required"] = .array(required) }
    return schema
  }

  package static var form: String { "mapping" }

  /// Every field with its effective value; absent optional fields are left out.
  package var json: JSONValue {
    var members: [String: JSONValue] = [:]
    for field in Self.fields {
      let value = field.write(self)
      if value != .null { members[field.name] = value }
    }
    return .object(members)
  }
}
