// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Crypto

/// HMAC-SHA-256 (RFC 2104) of what two sides send each other, under a secret that both know.
public enum AuthenticationCode {
  public static let count = 32

  public static func of(_ parts: [[UInt8]], key: SecretValue) -> [UInt8] {
    key.withBytes { bytes in
      var code = HMAC<Crypto.SHA256>(key: SymmetricKey(data: bytes))
      for part in parts { code.update(data: part) }
      return Array(code.finalize())
    }
  }

  /// Compares in constant time. A code of another length fits nothing.
  public static func isValid(_ code: [UInt8], of parts: [[UInt8]], key: SecretValue) -> Bool {
    let own = SecretValue(copying: of(parts, key: key))
    return SecretValue(copying: code).isEqual(to: own)
  }
}
