// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Glibc
import SodiumCrypto

/// Folders in which snapshots are restored for a while, each named by the process that has it.
public enum ScratchFolders {
  private static let prefix = "restored-"

  /// A name that nothing has.
  public static func name(in parent: String, _ purpose: String) -> String {
    "\(parent)/\(prefix)\(purpose)-\(getpid())-\(SecureRandom.hexadecimal(bytes: 8))"
  }

  /// Removes what processes left that are gone: it is a whole appliance, in plain text.
  public static func removeAbandoned(in parent: String) {
    // `try?`: what cannot be seen or removed stays, as it did before.
    for name in (try? PrivateFolder.names(in: parent)) ?? [] where name.hasPrefix(prefix) {
      let parts = name.split(separator: "-")
      guard parts.count == 4, let pid = pid_t(parts[2]), pid > 0, kill(pid, 0) != 0,
        errno == ESRCH
      else { continue }
      // `try?`: as above.
      try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
    }
  }
}
