// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel

extension Digest: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> Digest? {
    guard let text = node.text(at: path, into: &decoding, expecting: "a digest") else { return nil }
    let digits = text.utf8.dropFirst("sha256:".utf8.count)
    guard text.hasPrefix("sha256:"), digits.count == 64, digits.allSatisfy(Hexadecimal.isDigit)
    else {
      decoding.reject(
        node, path, "\(Quoted(text)) is not a digest",
        hint: "copy it from the plan: sha256: and 64 lower-case hexadecimal digits")
      return nil
    }
    return Digest(rawValue: text)
  }

  package static var schema: [String: JSONValue] {
    ["type": "string", "pattern": "^sha256:[0-9a-f]{64}$"]
  }
  package static var form: String { "digest, `sha256:` and 64 hexadecimal digits" }
  package var json: JSONValue { .string(rawValue) }
}

/// The id of a git commit: forty lower-case hexadecimal digits, never abbreviated.
public struct CommitID: Hashable {
  public let text: String

  public init?(_ text: String) {
    guard text.utf8.count == 40, text.utf8.allSatisfy(Hexadecimal.isDigit) else { return nil }
    self.text = text
  }
}

extension CommitID: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> CommitID? {
    guard let text = node.text(at: path, into: &decoding, expecting: "a commit id") else {
      return nil
    }
    if let value = CommitID(text) { return value }
    decoding.reject(
      node, path, "\(Quoted(text)) is not a commit id",
      hint: "write all 40 hexadecimal digits in quotes, as git rev-parse prints them")
    return nil
  }

  package static var schema: [String: JSONValue] {
    ["type": "string", "pattern": "^[0-9a-f]{40}$"]
  }
  package static var form: String { "commit id of 40 hexadecimal digits" }
  package var json: JSONValue { .string(text) }
}
