// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel

/// A closed set of words.
package protocol SpecEnum: SpecValue, CaseIterable, RawRepresentable where RawValue == String {}

extension SpecEnum {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> Self? {
    guard let text = node.text(at: path, into: &decoding, expecting: "one of \(words)") else {
      return nil
    }
    if let value = Self(rawValue: text) { return value }
    let suggestion = NearestName.suggestion(for: text, among: allCases.map(\.rawValue))
    decoding.reject(
      node, path, "\(Quoted(text)) is not one of \(words)", rule: "enum",
      hint: suggestion.map { "did you mean \"\($0)\"?" })
    return nil
  }

  private static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }

  package static var schema: [String: JSONValue] {
    ["enum": .array(allCases.map { .string($0.rawValue) })]
  }
  package static var form: String {
    "one of " + allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
  }
  package var json: JSONValue { .string(rawValue) }
}
