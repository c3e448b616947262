// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// The arguments of a tool: told to the model as a JSON Schema, and checked by the same values.
public struct ToolInputs: Sendable, Equatable {
  /// One argument.
  public struct Input: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
      /// Bytes of UTF-8 at most.
      case text(limit: Int)
      case integer(ClosedRange<Int64>)
      case flag
      /// Texts at most, and bytes of all of them.
      case texts(count: Int, limit: Int)
    }

    public let name: String
    public let kind: Kind
    public let isRequired: Bool
    public let summary: String
  }

  public let inputs: [Input]

  init(_ inputs: Input...) { self.inputs = inputs }

  /// JSON Schema, draft 2020-12, in the subset that model providers understand.
  public var schema: JSONValue {
    let properties = inputs.map { ($0.name, $0.schema) }
    return [
      "type": "object",
      "properties": .object(Dictionary(properties) { _, last in last }),
      "required": .array(inputs.filter(\.isRequired).map { .string($0.name) }),
      "additionalProperties": false,
    ]
  }

  /// - Throws: `tool.arguments`, naming the argument that does not fit.
  func read(_ arguments: JSONValue) throws -> ToolArguments {
    guard let given = arguments.objectValue else {
      let required = inputs.filter(\.isRequired).map { "\"\($0.name)\"" }
      throw ApplianceError(
        .toolArguments,
        "the arguments must be an object"
          + (required.isEmpty ? "" : " with \(required.joined(separator: " and "))"))
    }
    for name in given.keys.sorted() where !inputs.contains(where: { $0.isNamed(name) }) {
      let known = inputs.map { "\"\($0.name)\"" }.joined(separator: ", ")
      throw ApplianceError(
        .toolArguments,
        "there is no argument \"\(VisibleText.escape(String(name.prefix(64))))\", only \(known)")
    }
    for input in inputs {
      if let value = given[input.name] {
        try input.check(value)
      } else if input.isRequired {
        throw ApplianceError(.toolArguments, "argument \"\(input.name)\" is missing")
      }
    }
    return ToolArguments(values: given)
  }
}

extension ToolInputs.Input {
  static func text(
    _ name: String, _ summary: String, limit: Int = 4_096, isRequired: Bool = true
  ) -> Self {
    Self(name: name, kind: .text(limit: limit), isRequired: isRequired, summary: summary)
  }

  static func integer(_ name: String, _ summary: String, _ range: ClosedRange<Int64>) -> Self {
    Self(name: name, kind: .integer(range), isRequired: false, summary: summary)
  }

  static func flag(_ name: String, _ summary: String) -> Self {
    Self(name: name, kind: .flag, isRequired: false, summary: summary)
  }

  static func texts(_ name: String, _ summary: String, count: Int, limit: Int) -> Self {
    Self(
      name: name, kind: .texts(count: count, limit: limit), isRequired: true, summary: summary)
  }

  fileprivate func isNamed(_ other: String) -> Bool { name.utf8.elementsEqual(other.utf8) }

  fileprivate var schema: JSONValue {
    let description = JSONValue.string(summary)
    return switch kind {
    case .text: ["type": "string", "description": description]
    case .integer(let range):
      [
        "type": "integer", "description": description, "minimum": .integer(range.lowerBound),
        "maximum": .integer(range.upperBound),
      ]
    case .flag: ["type": "boolean", "description": description]
    case .texts(let count, _):
      [
        "type": "array", "description": description, "items": ["type": "string"],
        "maxItems": .integer(Int64(count)),
      ]
    }
  }

  fileprivate func check(_ value: JSONValue) throws {
    switch (kind, value) {
    case (.text(let limit), .string(let text)): try require(text.utf8.count, bytes: limit)
    case (.integer(let range), .integer(let number)):
      guard range.contains(number) else {
        throw refusal("must be from \(range.lowerBound) to \(range.upperBound)")
      }
    case (.flag, .bool): break
    case (.texts(let count, let limit), .array(let items)):
      guard items.count <= count else { throw refusal("has over \(count) items") }
      guard items.allSatisfy({ $0.stringValue != nil }) else {
        throw refusal("must be a list of texts")
      }
      // Each text takes a zero byte more.
      try require(items.reduce(0) { $0 + ($1.stringValue?.utf8.count ?? 0) + 1 }, bytes: limit)
    case (.text, _): throw refusal("must be text")
    case (.integer, _): throw refusal("must be a whole number")
    case (.flag, _): throw refusal("must be true or false")
    case (.texts, _): throw refusal("must be a list of texts")
    }
  }

  private func require(_ count: Int, bytes limit: Int) throws {
    guard count <= limit else { throw refusal("is over \(limit) bytes") }
  }

  private func refusal(_ words: String) -> ApplianceError {
    ApplianceError(.toolArguments, "argument \"\(name)\" \(words)")
  }
}

/// Arguments that were checked against their ``ToolInputs``.
struct ToolArguments {
  fileprivate let values: [String: JSONValue]

  func text(_ name: String) -> String? { values[name]?.stringValue }

  func integer(_ name: String) -> Int64? { values[name]?.integerValue }

  func flag(_ name: String) -> Bool { values[name]?.boolValue ?? false }

  func texts(_ name: String) -> [String] {
    values[name]?.arrayValue?.compactMap(\.stringValue) ?? []
  }

  func required(_ name: String) throws -> String {
    guard let text = text(name) else {
      throw ApplianceError(.toolArguments, "argument \"\(name)\" is missing")
    }
    return text
  }
}
