// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Text from outside, made fit for a message: escaped, shortened, and hidden when it looks like a
/// secret.
public struct Quoted: CustomStringConvertible {
  public let description: String

  public init(_ text: String) {
    guard !SecretPattern.matches(text) else {
      description = "<redacted>"
      return
    }
    let visible = text.unicodeScalars.prefix(80).map { scalar in
      switch scalar.value {
      case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF:
        "\\u{\(String(scalar.value, radix: 16))}"
      default: String(scalar)
      }
    }
    description = "\"\(visible.joined())\(text.unicodeScalars.count > 80 ? "…" : "")\""
  }
}

/// Shapes of real credentials that must never stand in a desired-state file.
public enum SecretPattern {
  /// Prefixes with the number of characters that must follow: OpenAI and Anthropic, Slack, GitHub,
  /// GitLab, AWS, Google, npm, Hugging Face, Stripe, SendGrid, DigitalOcean, age.
  private static let prefixes: [(text: String, tail: Int)] = [
    ("sk-", 16), ("sk_live_", 16), ("rk_live_", 16), ("xoxb-", 8), ("xoxp-", 8), ("xoxa-", 8),
    ("xoxs-", 8), ("xapp-", 8), ("ghp_", 20), ("gho_", 20), ("ghu_", 20), ("ghs_", 20),
    ("github_pat_", 20), ("glpat-", 16), ("AKIA", 16), ("ASIA", 16), ("AIza", 30), ("npm_", 30),
    ("hf_", 30), ("SG.", 30), ("dop_v1_", 30), ("AGE-SECRET-KEY-1", 30), ("EAAG", 40),
  ]

  public static func matches(_ text: String) -> Bool {
    if text.contains("PRIVATE KEY-----") || isJSONWebToken(text) || isTelegramToken(text) {
      return true
    }
    return prefixes.contains { prefix in
      var rest = text[...]
      while let start = rest.firstRange(of: prefix.text) {
        let tail = rest[start.upperBound...].utf8.prefix(while: isTokenByte)
        if tail.count >= prefix.tail && startsWord(text, at: start.lowerBound) { return true }
        rest = rest[start.upperBound...]
      }
      return false
    }
  }

  private static func startsWord(_ text: String, at index: String.Index) -> Bool {
    guard index > text.startIndex else { return true }
    let before = text[text.index(before: index)]
    return !(before.isLetter || before.isNumber)
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// RFC 7519: three base64url parts, the first of which opens a JSON object.
  private static func isJSONWebToken(_ text: String) -> Bool {
    guard text.hasPrefix("eyJ") else { return false }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 3 && parts.allSatisfy { $0.utf8.allSatisfy(isTokenByte) }
  }

  /// Telegram Bot API: the bot's number, a colon, 35 characters.
  private static func isTelegramToken(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, (8...12).contains(parts[0].count), parts[1].utf8.count == 35 else {
      return false
    }
    return parts[0].utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      && parts[1].utf8.allSatisfy(isTokenByte)
  }
}
