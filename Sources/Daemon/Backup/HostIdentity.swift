// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import SodiumCrypto

/// Tells hosts apart, without telling which they are.
public enum HostIdentity {
  /// A hash of machine-id(5), which is not to be shown itself; `unknown` without one.
  public static var hash: String {
    // `try?`: a host without an identity is told as such.
    guard let bytes = try? DurableFile.read("/etc/machine-id", limit: 256), bytes.count >= 32 else {
      return "unknown"
    }
    let hash = ContentHash.of(Array("kafclaw host 1\n".utf8) + bytes)
    return String(hash.hexadecimal.prefix(16))
  }
}
