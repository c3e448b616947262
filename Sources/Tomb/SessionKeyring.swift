// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CKeyring
import Glibc
import SodiumCrypto

/// The opened key of a passphrase slot, kept by the kernel for the user (keyrings(7)). A cache:
/// without it the passphrase is asked for.
struct SessionKeyring {
  private let name: String
  /// Seconds.
  private static let lifetime: UInt32 = 12 * 3_600

  init(tomb: [UInt8], slot: [UInt8]) {
    name = "kafclaw:tomb:\(Hexadecimal.encode(tomb)):\(Hexadecimal.encode(slot))"
  }

  /// - Returns: `nil` where nothing is kept, or something that is no key.
  /// - Throws: `tomb.locked` where the kernel keeps something that cannot be read.
  func read() throws -> SecretKey? {
    var length = 0
    let value = SecretValue(count: SecretKey.count) { target in
      length = kafclaw_keyring_read(
        name, target.assumingMemoryBound(to: UInt8.self).baseAddress, target.count)
    }
    if length == SecretKey.count { return try value.withBytes { try SecretKey(copying: $0) } }
    guard length >= 0 || [ENOKEY, EKEYEXPIRED, EKEYREVOKED, EMSGSIZE].contains(errno) else {
      throw failure("read")
    }
    return nil
  }

  func write(_ key: SecretKey) throws {
    let result = key.withBytes { bytes in
      kafclaw_keyring_write(
        name, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count, Self.lifetime)
    }
    guard result == 0 else { throw failure("write") }
  }

  func forget() throws {
    guard kafclaw_keyring_forget(name) == 0 else { throw failure("change") }
  }

  private func failure(_ operation: String) -> ApplianceError {
    ApplianceError(
      .tombLocked, "cannot \(operation) the user's keyring: \(String(cString: strerror(errno)))",
      hint: "declare another backend: tomb.backend in appliance.yaml")
  }
}
