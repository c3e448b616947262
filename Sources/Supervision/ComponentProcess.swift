// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CProcess
public import ControlAPI
import Glibc

/// What every component does before anything else, in its own process.
public enum ComponentProcess {
  /// Opens the link to the supervisor, once ``bind(to:)`` has passed.
  public static func open(role: String) -> ComponentLink {
    ComponentLink(owning: componentLinkDescriptor, name: role)
  }

  /// Binds this process to the life of its supervisor and gives up privileges.
  ///
  /// Must be called on the main thread: the kernel forgets the death signal with the thread that
  /// asked for it (prctl(2), PR_SET_PDEATHSIG).
  ///
  /// - Parameter supervisor: The process id the supervisor passed.
  /// - Throws: `process.failed` when the supervisor is gone already or descriptor 3 is no socket.
  public static func bind(to supervisor: Int32) throws {
    guard kafclaw_die_with_parent(supervisor) == 0 else {
      throw ApplianceError(.processFailed, "the supervisor \(supervisor) is not the parent")
    }
    guard kafclaw_no_new_privileges() == 0, kafclaw_forbid_dumps() == 0 else {
      throw ApplianceError(.processFailed, "cannot give up privileges")
    }
    var type: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(componentLinkDescriptor, SOL_SOCKET, SO_TYPE, &type, &length) == 0 else {
      throw ApplianceError(
        .processFailed, "descriptor \(componentLinkDescriptor) is not the supervisor's socket",
        hint: "components are started by `kafclaw run`")
    }
    guard fcntl(componentLinkDescriptor, F_SETFD, FD_CLOEXEC) == 0 else {
      throw ApplianceError(.processFailed, "cannot keep the link from children")
    }
  }

  /// Forbids core dumps and ptrace of the supervisor itself.
  public static func protectMemory() {
    _ = kafclaw_forbid_dumps()
  }
}
