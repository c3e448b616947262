// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO

/// This program, to be run again.
enum OwnProgram {
  /// Its file.
  static var path: String {
    get throws {
      guard let path = PrivateFolder.resolve("/proc/self/exe") else {
        throw ApplianceError.system("find", "/proc/self/exe")
      }
      return path
    }
  }
}
