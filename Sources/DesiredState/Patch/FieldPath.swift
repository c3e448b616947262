// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The place of a field, as in `channels.web.allow[2]`, step by step.
struct FieldPath: Sendable {
  private enum Step: Sendable {
    case key(String)
    case item(Int)
  }

  private let steps: [Step]

  /// - Returns: `nil` for a text that names no place.
  init?(_ text: String) {
    var steps: [Step] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      guard let name = pieces.first, !name.isEmpty else { return nil }
      steps.append(.key(String(name)))
      for piece in pieces.dropFirst() {
        guard piece.last == "]", let index = Int(piece.dropLast()), index >= 0 else { return nil }
        steps.append(.item(index))
      }
    }
    self.steps = steps
  }

  /// Whether it leads through a list.
  var entersList: Bool {
    steps.contains { step in
      if case .item = step { return true }
      return false
    }
  }

  /// The value that stands there.
  func value(in document: JSONValue) -> JSONValue? {
    var value: JSONValue? = document
    for step in steps {
      switch step {
      case .key(let name): value = value?[name]
      case .item(let index): value = value?.arrayValue?.dropFirst(index).first
      }
    }
    return value
  }

  /// The document with another value there. Objects on the way are made where there are none.
  ///
  /// - Returns: `nil` where something else is in the way.
  func setting(_ value: JSONValue, in document: JSONValue) -> JSONValue? {
    Self.setting(value, at: steps[...], in: document)
  }

  private static func setting(
    _ value: JSONValue, at steps: ArraySlice<Step>, in document: JSONValue?
  ) -> JSONValue? {
    guard let step = steps.first else { return value }
    switch (step, document ?? .object([:])) {
    case (.key(let name), .object(var members)):
      members[name] = setting(value, at: steps.dropFirst(), in: members[name])
      return members[name].map { _ in .object(members) }
    case (.item(let index), .array(var items)) where items.indices.contains(index):
      guard let item = setting(value, at: steps.dropFirst(), in: items[index]) else { return nil }
      items[index] = item
      return .array(items)
    default: return nil
    }
  }

  /// The value in a document, with the origin that its provenance names.
  func node(in document: DocumentNode) -> (value: DocumentNode, origin: Origin)? {
    var (node, origin) = (document, document.origin)
    for step in steps {
      switch (step, node.content) {
      case (.key(let name), .mapping(let entries)):
        guard let entry = entries.first(where: { $0.key == name }) else { return nil }
        (node, origin) = (entry.value, entry.origin)
      case (.item(let index), .sequence(let items)):
        guard let item = items.dropFirst(index).first else { return nil }
        (node, origin) = (item, item.origin)
      default: return nil
      }
    }
    return (node, origin)
  }
}
