// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSodium

extension SecretValue {
  /// Copies bytes that came in an ordinary array, and overwrites them there.
  public convenience init(wiping bytes: inout [UInt8]) {
    self.init(copying: bytes)
    SecretText.wipe(&bytes)
  }
}

/// Texts of secrets, read and written where they lie: no copy stays in ordinary memory.
public enum SecretText {
  public static func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { sodium_memzero($0.baseAddress, $0.count) }
    bytes = []
  }

  /// White space of ASCII.
  public static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// The bytes that are not left out.
  public static func without(
    _ isLeftOut: (UInt8) -> Bool, _ bytes: UnsafeRawBufferPointer
  ) -> SecretValue {
    SecretValue(count: bytes.count { !isLeftOut($0) }) { target in
      var place = 0
      for byte in bytes where !isLeftOut(byte) {
        target[place] = byte
        place += 1
      }
    }
  }

  /// The bytes of lower-case digits; `nil` for anything else.
  public static func hexadecimal(_ digits: UnsafeRawBufferPointer) -> SecretValue? {
    guard digits.count.isMultiple(of: 2), digits.allSatisfy(Hexadecimal.isDigit) else { return nil }
    return SecretValue(count: digits.count / 2) { target in
      for index in target.indices {
        target[index] = value(digits[2 * index]) << 4 | value(digits[2 * index + 1])
      }
    }
  }

  private static func value(_ digit: UInt8) -> UInt8 {
    digit < UInt8(ascii: "a") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
  }

  /// Writes two lower-case digits for each byte, to the front of `target`.
  public static func writeHexadecimal(
    _ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer
  ) {
    for (index, byte) in bytes.enumerated() {
      target[2 * index] = digit(byte >> 4)
      target[2 * index + 1] = digit(byte & 0x0F)
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}

extension SHA256 {
  /// The 32 bytes of the digest of a secret.
  public static func raw(_ secret: SecretValue) -> [UInt8] {
    Sodium.require()
    var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    secret.withBytes { bytes in
      _ = crypto_hash_sha256(
        &hash, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, UInt64(bytes.count))
    }
    return hash
  }
}
