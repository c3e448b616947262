// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CProcess
import ControlAPI
import DurableIO
import Foundation
import Glibc

/// The side of a component that a service manager started: it connects to its ``RoleSocket``, and
/// lives no longer than that connection.
public enum RoleAttachment {
  /// How long the supervisor's socket may take to be there. Seconds.
  private static let patience = 60
  /// How long the process may take to end by itself, once it has no supervisor. Seconds.
  private static let grace: UInt32 = 15
  /// How long it waits for the supervisor's word when the service manager ends it. Seconds.
  private static let parting = 8

  /// Connects, and returns the folders where the component may work. Blocks until the supervisor
  /// wants the component. To be called before there is a second thread.
  ///
  /// - Throws: `process.failed` when nobody listens, or hangs up.
  public static func attach(to path: String) throws -> [String] {
    let socket = try connect(path)
    if socket != componentLinkDescriptor {
      guard dup2(socket, componentLinkDescriptor) >= 0 else {
        throw ApplianceError.system("keep", path)
      }
      close(socket)
    }
    return try greeting(path).folders
  }

  /// Sees to it that the process ends with its connection, whatever keeps it busy, and in order
  /// when the service manager ends it alone.
  static func watch() throws {
    let watched = fcntl(componentLinkDescriptor, F_DUPFD_CLOEXEC, 10)
    guard watched >= 0 else { throw ApplianceError.system("watch", "the supervisor") }
    let thread = Thread {
      // `POLLRDHUP` of poll(2): the other end is gone.
      var waiting = pollfd(fd: watched, events: 0x2000, revents: 0)
      while poll(&waiting, 1, -1) < 0 && errno == EINTR {}
      sleep(grace)
      _exit(EX_TEMPFAIL)
    }
    thread.name = "supervisor-watch"
    thread.start()
    signal(SIGTERM, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
    source.setEventHandler {
      // When the whole appliance stops, the supervisor says so first.
      let deadline = DispatchTime.now() + .seconds(parting)
      DispatchQueue.global().asyncAfter(deadline: deadline) {
        shutdown(watched, Int32(SHUT_RDWR))
      }
      source.cancel()
    }
    source.activate()
  }

  private static func connect(_ path: String) throws -> Int32 {
    let deadline = ContinuousClock().now + .seconds(patience)
    while true {
      let socket = kafclaw_connect(path)
      if socket >= 0 { return socket }
      guard [ENOENT, ECONNREFUSED, EAGAIN].contains(errno), ContinuousClock().now < deadline else {
        throw ApplianceError(
          .processFailed,
          "cannot reach the supervisor at \(path): \(String(cString: strerror(errno)))",
          hint: "systemctl status kafclaw")
      }
      // The process has this one thread, and nothing else to do.
      poll(nil, 0, 50)
    }
  }

  private static func greeting(_ path: String) throws -> RoleGreeting {
    var line: [UInt8] = []
    while line.count < RoleGreeting.limit {
      var byte: UInt8 = 0
      let count = read(componentLinkDescriptor, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      guard count == 1 else { break }
      if byte == UInt8(ascii: "\n") {
        return try ApplianceJSON.decode(RoleGreeting.self, from: line)
      }
      line.append(byte)
    }
    throw ApplianceError(
      .processFailed, "the supervisor at \(path) hung up",
      hint: "it lets in the user of this component alone; see its log")
  }
}
