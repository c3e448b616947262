// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Glibc

extension ApplianceError.Code {
  /// The program was started as root.
  public static let runningAsRoot = Self("process.root")
}

/// The appliance and its components never run as root.
public enum RootRefusal {
  /// - Throws: `process.root` unless `KAFCLAW_ALLOW_ROOT=1`, which is itself a failing security
  ///   check.
  public static func require(environment: [String: String]) throws {
    guard geteuid() == 0, environment["KAFCLAW_ALLOW_ROOT"] != "1" else { return }
    throw ApplianceError(
      .runningAsRoot, "refusing to run as root",
      hint: "run as the service user \"kafclaw\" (or any other unprivileged user)")
  }
}
