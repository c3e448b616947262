// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// Who a command is, as the kernel outside of the sandbox sees it.
struct SandboxUser {
  let user: UInt32
  let group: UInt32

  /// The kernel's number for nobody.
  static let nobody: UInt32 = 65534

  /// The user of the service, who owns what is bound. Never root: files of the system belong to
  /// it, settings below `/proc` among them.
  static var current: SandboxUser {
    geteuid() == 0
      ? SandboxUser(user: nobody, group: nobody)
      : SandboxUser(user: geteuid(), group: getegid())
  }
}
