// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSodium

/// libsodium, initialised once.
enum Sodium {
  /// `sodium_init` is safe to repeat and returns 1 then; a negative result means no random source.
  private static let isReady = sodium_init() >= 0

  static func require() {
    precondition(isReady, "libsodium has no source of randomness on this machine")
  }
}

/// Bytes from the system's cryptographically secure source.
public enum SecureRandom {
  public static func bytes(_ count: Int) -> [UInt8] {
    Sodium.require()
    var bytes = [UInt8](repeating: 0, count: count)
    randombytes_buf(&bytes, count)
    return bytes
  }

  /// Lower-case hexadecimal, two digits a byte.
  public static func hexadecimal(bytes count: Int) -> String {
    Hexadecimal.encode(bytes(count))
  }
}
