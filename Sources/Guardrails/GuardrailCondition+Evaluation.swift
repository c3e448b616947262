// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

extension GuardrailCondition {
  /// The first `.*.` of the path, which stands for the name of an instance.
  var star: Range<String.Index>? {
    var rest = path.utf8[...]
    while let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
      rest = rest[dot...]
      if rest.starts(with: ".*.".utf8) { return dot..<rest.index(dot, offsetBy: 3) }
      rest = rest.dropFirst()
    }
    return nil
  }

  func bound(to name: String) -> GuardrailCondition {
    guard let star else { return self }
    var copy = self
    copy.path.replaceSubrange(star, with: ".\(name).")
    return copy
  }

  /// Whether every operator that is set holds. A missing value satisfies `present: false` and the
  /// operators that refuse values; it never satisfies one that demands something of it.
  func holds(in effective: JSONValue) -> Bool {
    let value = Self.value(at: path, in: effective)
    if let present, present != (value != nil) { return false }
    if let notOneOf, let text = value.flatMap(Self.text), notOneOf.contains(text) { return false }
    guard demandsValue else { return true }
    guard let value else { return false }
    return holds(for: value)
  }

  private var demandsValue: Bool {
    equals != nil || oneOf != nil || contains != nil || loopback != nil || atLeast != nil
      || atMost != nil
  }

  private func holds(for value: JSONValue) -> Bool {
    if let equals, Self.text(value) != equals { return false }
    if let oneOf, !(Self.text(value).map(oneOf.contains) ?? false) { return false }
    if let contains, !(value.arrayValue ?? []).contains(where: { Self.text($0) == contains }) {
      return false
    }
    if let loopback, ListenAddress(Self.text(value) ?? "").isLoopback != loopback { return false }
    if let atLeast, !Self.compare(value, atLeast, >=) { return false }
    if let atMost, !Self.compare(value, atMost, <=) { return false }
    return true
  }

  static func value(at path: String, in effective: JSONValue) -> JSONValue? {
    var value: JSONValue? = effective
    for part in path.utf8.split(separator: UInt8(ascii: ".")) {
      value = value?[String(Substring(part))]
    }
    return value == .null ? nil : value
  }

  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .bool(let flag): String(flag)
    case .integer(let number): String(number)
    case .null, .array, .object: nil
    }
  }

  /// Both sides as numbers, or both as durations; anything else compares as false.
  private static func compare(
    _ value: JSONValue, _ bound: String, _ relation: (Int64, Int64) -> Bool
  ) -> Bool {
    guard let text = text(value) else { return false }
    if let left = Int64(text), let right = Int64(bound) { return relation(left, right) }
    guard let left = SpecDuration.parse(text), let right = SpecDuration.parse(bound) else {
      return false
    }
    return relation(left.seconds, right.seconds)
  }
}
