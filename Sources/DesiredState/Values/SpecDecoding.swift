// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel

/// What a decode collects beside the value: issues, provenance, fields without a mechanism.
package struct SpecDecoding: Sendable {
  package private(set) var issues: [ValidationIssue] = []
  /// The origin of every value that was set, by field path.
  package private(set) var provenance: [String: Origin] = [:]

  package init() {}

  /// Makes room for the values of a document at once.
  package init(of document: DocumentNode) {
    provenance.reserveCapacity(document.count)
  }

  package mutating func note(_ path: SpecPath, _ origin: Origin) {
    provenance[path.text] = origin
  }

  package mutating func reject(
    _ node: DocumentNode, _ path: SpecPath, _ message: String, rule: String = "type",
    hint: String? = nil
  ) {
    issues.append(
      ValidationIssue(
        origin: node.origin, path: path.text, rule: rule, message: message, hint: hint))
  }

  package mutating func add(_ issue: ValidationIssue) {
    issues.append(issue)
  }
}

/// The place of a value: `channels.web.allow[2]`.
package struct SpecPath: Sendable {
  package let text: String

  package static let root = SpecPath(text: "")

  /// A key of a section, or one that the operator chose.
  package func field(_ name: String) -> SpecPath {
    SpecPath(text: text.isEmpty ? name : "\(text).\(name)")
  }

  package func item(_ index: Int) -> SpecPath {
    SpecPath(text: "\(text)[\(index)]")
  }
}

/// A type that can stand in the desired state: strict reading, canonical writing, JSON Schema.
package protocol SpecValue: Sendable, Equatable {
  /// Reads the value; `nil` after reporting what is wrong.
  static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> Self?
  /// JSON Schema 2020-12 of the accepted values.
  static var schema: [String: JSONValue] { get }
  /// For the reference page: the accepted form in a few words.
  static var form: String { get }
  var json: JSONValue { get }
}

extension DocumentNode {
  /// The text of a scalar, or `nil` after reporting. Known credential formats are refused.
  func text(
    at path: SpecPath, into decoding: inout SpecDecoding, expecting form: @autoclosure () -> String
  ) -> String? {
    guard case .scalar(let text, _) = content, !isNull else {
      decoding.reject(self, path, "expected \(form()), found \(kindName)")
      return nil
    }
    guard !SecretPattern.matches(text) else {
      decoding.reject(
        self, path, "a secret must not stand in the desired state", rule: "secret-literal",
        hint: "keep it outside and refer to it, as in env:NAME or tomb:name")
      return nil
    }
    return text
  }
}
