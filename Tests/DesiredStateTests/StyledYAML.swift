// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport

/// Writes a document as people may: blocks and braces, three kinds of quotes, remarks, both kinds of
/// line ends; each scalar on one line.
struct StyledYAML {
  private var random: SplitMix64

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
  }

  mutating func document(_ value: JSONValue) -> String {
    let lines = block(value.objectValue ?? [:], indentation: "")
    let end = pick(["\n", "\n", "\r\n"])
    return lines.joined(separator: end) + pick([end, end, ""])
  }

  private mutating func block(_ members: [String: JSONValue], indentation: String) -> [String] {
    var lines: [String] = []
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      if odds(8) { lines.append(indentation + pick(["# a remark: \"of its own\"", "", "#"])) }
      let start = "\(indentation)\(name(key)):"
      switch value {
      case .object(let inner) where !inner.isEmpty && !odds(3):
        lines += [start + remark()] + block(inner, indentation: indentation + "  ")
      case .array(let items) where !items.isEmpty && !odds(2):
        lines.append(start + remark())
        for item in items { lines.append("\(indentation)  - \(flow(item))\(remark())") }
      default: lines.append("\(start)\(pick([" ", " ", "   "]))\(flow(value))\(remark())")
      }
    }
    return lines
  }

  private mutating func flow(_ value: JSONValue) -> String {
    switch value {
    case .null: return "null"
    case .bool(let flag): return "\(flag)"
    case .integer(let number): return "\(number)"
    case .string(let string): return text(string)
    case .array(let items):
      var parts: [String] = []
      for item in items { parts.append(flow(item)) }
      return "[" + parts.joined(separator: pick([", ", " ,"])) + "]"
    case .object(let members):
      var parts: [String] = []
      for (key, member) in members.sorted(by: { $0.key < $1.key }) {
        parts.append("\(name(key)): \(flow(member))")
      }
      return "{" + parts.joined(separator: pick([", ", " , "])) + pick(["}", " }"])
    }
  }

  private mutating func text(_ text: String) -> String {
    if isPlain(text), odds(2) { return text }
    if odds(2) { return "'" + text.replacing("'", with: "''") + "'" }
    return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private mutating func name(_ key: String) -> String {
    odds(6) ? pick(["\"\(key)\"", "'\(key)'"]) : key
  }

  private mutating func remark() -> String {
    odds(4) ? pick(["  # a remark", " # \"x\": y, z", "\t# 日本語 \\", "  "]) : ""
  }

  /// Words that mean nothing else to YAML.
  private func isPlain(_ text: String) -> Bool {
    let other = ["true", "false", "null", "yes", "no", "on", "off"]
    guard text.wholeMatch(of: /[A-Za-z0-9\/][A-Za-z0-9\/._@:-]*/) != nil, text.last != ":" else {
      return false
    }
    return text.contains(/[A-Za-z]/) && !other.contains(text)
  }

  /// True once in so many times.
  private mutating func odds(_ times: Int) -> Bool {
    Int.random(in: 0..<times, using: &random) == 0
  }

  private mutating func pick(_ values: [String]) -> String {
    values.randomElement(using: &random) ?? ""
  }
}
