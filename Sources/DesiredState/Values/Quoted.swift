// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Text from outside, made fit for a message: escaped, shortened, and hidden when it looks like a
/// secret.
public struct Quoted: CustomStringConvertible {
  public let description: String

  public init(_ text: String) {
    guard !SecretPattern.matches(text) else {
      description = "<redacted>"
      return
    }
    let visible = VisibleText.escape(
      String(String.UnicodeScalarView(text.unicodeScalars.prefix(80))))
    description = "\"\(visible)\(text.unicodeScalars.count > 80 ? "…" : "")\""
  }
}

/// Shapes of real credentials that must never stand in a desired-state file.
public enum SecretPattern {
  /// Prefixes with the number of characters that must follow: OpenAI and Anthropic, Slack, GitHub,
  /// GitLab, AWS, Google, npm, Hugging Face, Stripe, SendGrid, DigitalOcean, age, and our own.
  private static let prefixes: [(text: String, tail: Int)] = [
    ("sk-", 16), ("sk_live_", 16), ("rk_live_", 16), ("xoxb-", 8), ("xoxp-", 8), ("xoxa-", 8),
    ("xoxs-", 8), ("xapp-", 8), ("ghp_", 20), ("gho_", 20), ("ghu_", 20), ("ghs_", 20),
    ("github_pat_", 20), ("glpat-", 16), ("AKIA", 16), ("ASIA", 16), ("AIza", 30), ("npm_", 30),
    ("hf_", 30), ("SG.", 30), ("dop_v1_", 30), ("AGE-SECRET-KEY-1", 30), ("EAAG", 40),
    ("kafclaw_", 40),
  ]

  static let privateKey = Array("PRIVATE KEY-----".utf8)

  /// What a JSON Web Token begins with: nothing shorter is a credential.
  static let opening = Array("eyJ".utf8)

  public static func matches(_ text: String) -> Bool {
    text.utf8.count > opening.count && matches(Array(text.utf8)[...])
  }

  /// As ``matches(_:)``, for a value that must not become a text.
  public static func matches(_ bytes: ArraySlice<UInt8>) -> Bool {
    if isJSONWebToken(bytes) || isTelegramToken(bytes) { return true }
    guard bytes.count >= shortest else { return false }
    let candidates = prefixesByFirstByte
    return bytes.indices.contains { index in
      if bytes[index] == privateKey[0] && bytes[index...].starts(with: privateKey) { return true }
      guard let prefixes = candidates[Int(bytes[index])] else { return false }
      guard index == bytes.startIndex || !isWordByte(bytes[index - 1]) else { return false }
      return prefixes.contains { matches($0, bytes[index...]) }
    }
  }

  /// Nothing with fewer bytes has one of the ``prefixes`` with its tail, or holds ``privateKey``.
  private static let shortest = min(
    privateKey.count, prefixes.map { $0.text.utf8.count + $0.tail }.min() ?? 0)

  /// One element for each value of a byte, `nil` where no prefix starts with it.
  static let prefixesByFirstByte: [[(text: [UInt8], tail: Int)]?] = (0...UInt8.max).map {
    byte in
    let found = prefixes.filter { $0.text.utf8.first == byte }
    return found.isEmpty ? nil : found.map { (Array($0.text.utf8), $0.tail) }
  }

  static func matches(
    _ prefix: (text: [UInt8], tail: Int), _ bytes: some Collection<UInt8>
  ) -> Bool {
    guard bytes.starts(with: prefix.text) else { return false }
    let tail = bytes.dropFirst(prefix.text.count).prefix(prefix.tail)
    // Words joined by hyphens are prose; keys are random and have digits or capitals.
    return tail.count == prefix.tail && tail.allSatisfy(isTokenByte)
      && tail.contains { !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) && $0 != 0x2D }
  }

  static func isWordByte(_ byte: UInt8) -> Bool {
    isTokenByte(byte) && byte != UInt8(ascii: "-") && byte != UInt8(ascii: "_")
  }

  static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// RFC 7519: three base64url parts, the first of which opens a JSON object.
  private static func isJSONWebToken(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.starts(with: opening) else { return false }
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 3 && parts.allSatisfy { $0.allSatisfy(isTokenByte) }
  }

  /// Telegram Bot API: the bot's number, a colon, 35 characters.
  private static func isTelegramToken(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count >= 8 + 1 + 35 else { return false }
    let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2, (8...12).contains(parts[0].count), parts[1].count == 35 else {
      return false
    }
    return parts[0].allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      && parts[1].allSatisfy(isTokenByte)
  }
}
