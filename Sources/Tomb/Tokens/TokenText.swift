// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Glibc
import SodiumCrypto

/// The text of tokens: made here, and judged where they come from elsewhere.
public enum TokenText {
  /// What a made token begins with, so that scanners for leaked secrets can know it.
  public static let prefix = "kafclaw_"
  /// Random bytes of a made token.
  public static let randomBytes = 32

  /// A new token: ``prefix`` and 43 characters of base64url (RFC 4648 §5) without padding.
  public static func random() -> SecretValue {
    var bytes = SecureRandom.bytes(randomBytes)
    var text = Array(prefix.utf8) + base64url(bytes)
    SecretText.wipe(&bytes)
    return SecretValue(wiping: &text)
  }

  /// Characters a token must have at least.
  static let minimum = 32
  /// Bits that the spread of its characters must suggest at least. 32 random hexadecimal digits
  /// have about 110 by this measure, which cannot see more than the text shows.
  static let minimumBits = 80.0

  /// Why a token is too easy to guess; `nil` when nothing speaks against it. Never names the token.
  public static func weakness(of token: SecretValue) -> String? {
    token.withBytes { bytes in
      guard bytes.count >= minimum else {
        return "it has \(bytes.count) characters, not at least \(minimum)"
      }
      guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
        return "it has characters that cannot be in an HTTP header"
      }
      if isPlaceholder(bytes) { return "it is a placeholder from documentation" }
      if isRepetitive(bytes) { return "it repeats itself" }
      guard bits(bytes) >= minimumBits else { return "its characters are not random" }
      return nil
    }
  }

  /// - Throws: `token.weak`.
  public static func requireStrong(_ token: SecretValue, _ place: String) throws {
    guard let weakness = weakness(of: token) else { return }
    throw ApplianceError(
      .tokenWeak, "the token of \(place) is too weak: \(weakness)",
      hint: "kafclaw token generate makes one; or: openssl rand -hex 32")
  }

  private static let placeholders = [
    "long-random-token", "changeme", "change-me", "change_me", "placeholder", "your-token",
    "your_token", "yourtoken", "replace-me", "replace_me", "replaceme", "example", "password",
    "secret-token", "insert-token", "xxxxxxxx",
  ].map { Array($0.utf8) }

  private static func isPlaceholder(_ bytes: UnsafeRawBufferPointer) -> Bool {
    placeholders.contains { word in
      guard bytes.count >= word.count else { return false }
      return (0...bytes.count - word.count).contains { start in
        word.indices.allSatisfy { lowercased(bytes[start + $0]) == word[$0] }
      }
    }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
  }

  /// Whether it consists of one part again and again, or mostly counts up or down.
  private static func isRepetitive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let isPeriodic = (1...bytes.count / 2).contains { period in
      (period..<bytes.count).allSatisfy { bytes[$0] == bytes[$0 - period] }
    }
    let steps = zip(bytes, bytes.dropFirst()).count {
      abs(Int($0) - Int($1)) <= 1
    }
    // Of 32 random hexadecimal digits, half are such steps once in 450,000 times, and two thirds
    // once in 10^10.
    return isPeriodic || steps * 3 > bytes.count * 2
  }

  /// Length times the entropy of its characters (Shannon).
  private static func bits(_ bytes: UnsafeRawBufferPointer) -> Double {
    var counts = [Int](repeating: 0, count: 256)
    for byte in bytes { counts[Int(byte)] += 1 }
    let length = Double(bytes.count)
    let entropy = counts.reduce(0.0) { sum, count in
      guard count > 0 else { return sum }
      let share = Double(count) / length
      return sum - share * log2(share)
    }
    return entropy * length
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  static func base64url(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    var (buffer, count): (UInt32, Int) = (0, 0)
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      count += 8
      while count >= 6 {
        count -= 6
        text.append(alphabet[Int(buffer >> UInt32(count) & 63)])
      }
    }
    if count > 0 { text.append(alphabet[Int(buffer << UInt32(6 - count) & 63)]) }
    return text
  }
}
