// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// Opens the control socket of the system layout for operators who are no users of the appliance.
public enum OperatorAccess {
  /// Members of it may do what the owner may.
  public static let group = "kafclaw-operators"

  /// - Throws: When the group exists and the socket cannot be given to it. Without the group only
  ///   the owner and root get in.
  public static func open(_ path: String) throws {
    guard let operators = getgrnam(group)?.pointee.gr_gid else { return }
    var status = stat()
    guard lstat(path, &status) == 0 else { throw ApplianceError.system("examine", path) }
    // A folder whose group is inherited has made it theirs already.
    let isTheirs = status.st_gid == operators || chown(path, uid_t.max, operators) == 0
    guard isTheirs, chmod(path, 0o660) == 0 else {
      throw ApplianceError.system("open to \(group)", path)
    }
  }
}
