// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel

/// One value of a YAML document with its place, before it means anything.
package struct DocumentNode: Sendable {
  package enum Content: Sendable {
    /// `isPlain` tells `true` from `"true"`.
    case scalar(text: String, isPlain: Bool)
    case sequence([DocumentNode])
    case mapping([Entry])
  }

  package struct Entry: Sendable {
    package let key: String
    package let origin: Origin
    package var value: DocumentNode
  }

  package var content: Content
  package let origin: Origin

  package init(_ content: Content, origin: Origin) {
    self.content = content
    self.origin = origin
  }

  /// What a person would call the value, without showing it.
  package var kindName: String {
    switch content {
    case .scalar(let text, let isPlain):
      if !isPlain { return "text" }
      if text.isEmpty || text == "null" || text == "~" { return "nothing" }
      if text == "true" || text == "false" { return "a Boolean" }
      return Int64(text) == nil ? "text" : "a number"
    case .sequence: return "a list"
    case .mapping: return "a mapping"
    }
  }

  /// The value and all values inside it.
  var count: Int {
    switch content {
    case .scalar: 1
    case .sequence(let items): items.reduce(1) { $0 + $1.count }
    case .mapping(let entries): entries.reduce(1) { $0 + $1.value.count }
    }
  }

  var isMapping: Bool {
    if case .mapping = content { return true }
    return false
  }

  package var isNull: Bool {
    if case .scalar(let text, true) = content {
      return text.isEmpty || text == "null" || text == "~"
    }
    return false
  }
}

extension DocumentNode {
  /// The node of a value that did not come from YAML: the output of an earlier decode.
  package init(_ value: JSONValue, path: String, provenance: [String: Origin]) {
    let origin = provenance[path] ?? .builtIn
    switch value {
    case .null: self.init(.scalar(text: "", isPlain: true), origin: origin)
    case .bool(let flag): self.init(.scalar(text: "\(flag)", isPlain: true), origin: origin)
    case .integer(let number): self.init(.scalar(text: "\(number)", isPlain: true), origin: origin)
    case .string(let text): self.init(.scalar(text: text, isPlain: false), origin: origin)
    case .array(let items):
      let nodes = items.enumerated().map { index, item in
        DocumentNode(item, path: "\(path)[\(index)]", provenance: provenance)
      }
      self.init(.sequence(nodes), origin: origin)
    case .object(let members):
      let entries = members.sorted { $0.key < $1.key }.map { key, member in
        let inner = path.isEmpty ? key : "\(path).\(key)"
        return Entry(
          key: key, origin: provenance[inner] ?? .builtIn,
          value: DocumentNode(member, path: inner, provenance: provenance))
      }
      self.init(.mapping(entries), origin: origin)
    }
  }
}
