// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Names of skills.
public enum SkillName {
  /// Those that the program brings along.
  public static let bundled: Set<String> = [
    "channel-onboarding", "incident-comms", "session-logs", "summarize",
  ]

  /// 1 to 64 lower-case letters, digits and single hyphens between them (agentskills.io, "Specification").
  public static func isOne(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    let hyphen = UInt8(ascii: "-")
    guard (1...64).contains(bytes.count), bytes.first != hyphen, bytes.last != hyphen else {
      return false
    }
    return bytes.indices.allSatisfy { index in
      switch bytes[index] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case hyphen: bytes[index - 1] != hyphen
      default: false
      }
    }
  }
}

/// A skill as a turn sees it before it reads it.
public struct SkillSummary: Sendable, Codable, Equatable {
  public let name: String
  public let description: String

  public init(name: String, description: String) {
    (self.name, self.description) = (name, description)
  }
}
