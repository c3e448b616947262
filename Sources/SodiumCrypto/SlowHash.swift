// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSodium

/// A salted hash that costs whoever guesses a secret as much as each guess: Argon2id (RFC 9106), as
/// text in libsodium's own form.
public struct SlowHash: RawRepresentable, Sendable, Codable, Hashable {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// About a tenth of a second, and 64 MiB.
  ///
  /// - Throws: `crypto.memory`.
  public init(of secret: SecretValue) throws {
    Sodium.require()
    var text = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
    let isMade = Self.withText(of: secret) { start, count in
      crypto_pwhash_str(
        &text, start, count, UInt64(crypto_pwhash_OPSLIMIT_INTERACTIVE),
        Int(crypto_pwhash_MEMLIMIT_INTERACTIVE)) == 0
    }
    guard isMade else {
      throw ApplianceError(
        .noSecureMemory, "there is no memory to hash a secret", hint: "free memory and try again")
    }
    rawValue = String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A text that is no such hash matches nothing.
  public func matches(_ secret: SecretValue) -> Bool {
    Sodium.require()
    guard rawValue.utf8.count < Int(crypto_pwhash_STRBYTES) else { return false }
    return Self.withText(of: secret) { crypto_pwhash_str_verify(rawValue, $0, $1) == 0 }
  }

  private static func withText(
    of secret: SecretValue, _ body: (UnsafePointer<CChar>, UInt64) -> Bool
  ) -> Bool {
    secret.withBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { words in
        words.baseAddress.map { body($0, UInt64(words.count)) } ?? false
      }
    }
  }
}
