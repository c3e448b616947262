// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSodium

extension SecretValue {
  /// Whether both have the same bytes. The time it takes tells their lengths, and not where they
  /// differ.
  public func isEqual(to other: SecretValue) -> Bool {
    guard count == other.count else { return false }
    return withBytes { mine in
      other.withBytes { theirs in
        guard let mine = mine.baseAddress, let theirs = theirs.baseAddress else { return true }
        return sodium_memcmp(mine, theirs, count) == 0
      }
    }
  }
}
