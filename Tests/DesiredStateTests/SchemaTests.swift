// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

/// What the types say about themselves: documentation and JSON Schema.
struct SchemaTests {
  enum Document: String, CaseIterable, Sendable {
    case desiredState = "kafclaw.yaml"
    case bootstrap = "appliance.yaml"

    var schema: JSONValue {
      switch self {
      case .desiredState: SchemaGenerator.desiredState
      case .bootstrap: BootstrapSpec.jsonSchema
      }
    }
  }

  @Test func everyFieldIsDocumentedInSentences() {
    let fields = ApplianceSpec.nestedFields + BootstrapSpec.nestedFields
    #expect(fields.filter { !$0.documentation.hasSuffix(".") }.map(\.pattern) == [])
    #expect(fields.filter(\.form.isEmpty).map(\.pattern) == [])
  }

  @Test func everyFieldIsNamedOnce() {
    let patterns = ApplianceSpec.nestedFields.map(\.pattern)
    #expect(patterns.count == Set(patterns).count)
  }

  @Test(arguments: SchemaTests.Document.allCases)
  func everyPropertyIsDescribed(document: Document) {
    let undescribed = properties(of: document.schema).filter { _, property in
      property["description"]?.stringValue?.isEmpty ?? true
    }
    #expect(undescribed.map { $0.pattern } == [])
  }

  @Test(arguments: SchemaTests.Document.allCases)
  func everySectionIsClosed(document: Document) {
    let root = (pattern: "", schema: document.schema)
    let unclosed = ([root] + properties(of: document.schema)).filter { _, section in
      let inner = element(of: section)
      return inner["properties"] != nil && inner["additionalProperties"] != JSONValue.bool(false)
    }
    #expect(unclosed.map { $0.pattern } == [])
  }

  @Test func schemaHasTheFieldsThatAreRead() {
    let patterns = properties(of: SchemaGenerator.desiredState).map { $0.pattern }
    #expect(patterns.sorted() == ApplianceSpec.nestedFields.map(\.pattern).sorted())
  }

  @Test func schemaDemandsWhatTheReaderDemands() {
    let schema = SchemaGenerator.desiredState
    #expect(schema["required"] == JSONValue.array(["version", "appliance"]))
    #expect(schema["properties"]?["appliance"]?["required"] == JSONValue.array(["name"]))
    let channel = schema["properties"]?["channels"]?["additionalProperties"]
    #expect(channel?["required"] == JSONValue.array(["type"]))
  }

  @Test func schemaNamesItsDialect() {
    let dialect = SchemaGenerator.desiredState["$schema"]?.stringValue
    #expect(dialect == "https://json-schema.org/draft/2020-12/schema")
  }

  @Test func schemaListsTheWordsOfEnums() {
    let gateway = SchemaGenerator.desiredState["properties"]?["gateway"]?["properties"]
    #expect(gateway?["port"]?["minimum"] == JSONValue.integer(1))
    #expect(gateway?["port"]?["maximum"] == JSONValue.integer(65_535))
    let drift = SchemaGenerator.desiredState["properties"]?["reconcile"]?["properties"]?["drift"]
    let policy = drift?["properties"]?["default"]
    #expect(policy?["enum"] == JSONValue.array(["correct", "report"]))
    #expect(policy?["default"] == JSONValue.string("correct"))
  }

  @Test func referencePageHasARowForEveryField() {
    let rows = ReferencePage.desiredState.split(separator: "\n")
    for field in ApplianceSpec.nestedFields {
      let matching = rows.filter { $0.hasPrefix("| `\(field.pattern)` |") }
      #expect(matching.count == 1, "\(field.pattern)")
      #expect(matching.allSatisfy { $0.contains(field.documentation) }, "\(field.pattern)")
    }
  }

  /// Every property below a schema, with its pattern as in ``SpecFieldDescription/pattern``.
  private func properties(
    of schema: JSONValue, below prefix: String = ""
  ) -> [(pattern: String, schema: JSONValue)] {
    let members = schema["properties"]?.objectValue ?? [:]
    return members.flatMap { name, property in
      let pattern = prefix.isEmpty ? name : "\(prefix).\(name)"
      let isMap = property["additionalProperties"]?.objectValue != nil
      let inner = properties(of: element(of: property), below: isMap ? "\(pattern).*" : pattern)
      return [(pattern: pattern, schema: property)] + inner
    }
  }

  /// What a list or a map holds; anything else is itself.
  private func element(of schema: JSONValue) -> JSONValue {
    if let item = schema["items"] { return element(of: item) }
    if let value = schema["additionalProperties"], value.objectValue != nil { return value }
    return schema
  }
}
