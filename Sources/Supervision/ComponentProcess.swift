// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CProcess
public import ControlAPI
import Foundation
import Glibc
import Synchronization

/// What every component does before anything else, in its own process.
public enum ComponentProcess {
  /// Opens the link to the supervisor, once ``bind(to:)`` has passed.
  public static func open(role: String) -> ComponentLink {
    ComponentLink(owning: componentLinkDescriptor, name: role)
  }

  /// Binds this process to the life of its supervisor and gives up privileges.
  ///
  /// A thread that lives as long as the process asks for the death signal: the kernel forgets it
  /// with the thread that asked (prctl(2), PR_SET_PDEATHSIG), and neither the pool's threads nor,
  /// on Linux, the main thread stay.
  ///
  /// - Parameters:
  ///   - supervisor: The process id the supervisor passed.
  ///   - mayGainPrivileges: Whether programs it starts may have more rights than it has.
  /// - Throws: `process.failed` when the supervisor is gone already or descriptor 3 is no socket.
  public static func bind(to supervisor: Int32, mayGainPrivileges: Bool = false) throws {
    guard dieWith(supervisor) else {
      throw ApplianceError(.processFailed, "the supervisor \(supervisor) is not the parent")
    }
    try giveUp(mayGainPrivileges: mayGainPrivileges)
  }

  /// The same for a process that a service manager started, once it is attached
  /// (``RoleAttachment``).
  public static func bindToConnection() throws {
    try RoleAttachment.watch()
    try giveUp(mayGainPrivileges: false)
  }

  private static func giveUp(mayGainPrivileges: Bool) throws {
    guard mayGainPrivileges || kafclaw_no_new_privileges() == 0, kafclaw_forbid_dumps() == 0 else {
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

  private static func dieWith(_ supervisor: Int32) -> Bool {
    let isBound = Flag()
    let asked = DispatchSemaphore(value: 0)
    let thread = Thread {
      isBound.value.withLock { $0 = kafclaw_die_with_parent(supervisor) == 0 }
      asked.signal()
      while true { pause() }
    }
    thread.name = "parent-watch"
    thread.start()
    asked.wait()
    return isBound.value.withLock { $0 }
  }

  /// Keeps what components leave behind below the supervisor: a process that lost its parent must
  /// not pass for one that the appliance never started.
  public static func adoptOrphans() { _ = kafclaw_adopt_orphans() }

  /// Waits for orphans that have ended, so that none stays a zombie.
  public static func reapOrphans() {
    for _ in 0..<1_000 {
      let pid = kafclaw_ended_child()
      // A child of our own is waited for by whoever started it.
      guard pid > 0, !OwnChildren.shared.contains(pid) else { return }
      waitpid(pid, nil, WNOHANG)
    }
  }

  /// Forbids core dumps and ptrace of the supervisor itself.
  public static func protectMemory() {
    _ = kafclaw_forbid_dumps()
  }
}

/// A Boolean that two threads share.
private final class Flag: Sendable {
  let value = Mutex(false)
}
