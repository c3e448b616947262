// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import CProcess
import Glibc

/// Tells the service manager how the appliance is: datagrams to `NOTIFY_SOCKET` (sd_notify(3)).
/// Without that variable nothing is told.
public struct ServiceManager: Sendable {
  private let socket: String?
  /// How often it wants to hear that the appliance lives (`WATCHDOG_USEC`); `nil` when it does not.
  public let watchdog: Duration?

  /// Reads the variables of this process.
  public init() {
    socket = Self.value("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
    let isOurs = Self.value("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
    watchdog = Self.value("WATCHDOG_USEC").flatMap { Int64($0) }.flatMap {
      isOurs && $0 > 0 ? .microseconds($0) : nil
    }
  }

  /// - Parameter state: Assignments, one a line, as sd_notify(3) lists them.
  public func tell(_ state: String) {
    // A service manager that does not listen is not worth failing for: it has its own limits.
    if let socket { _ = kafclaw_notify(socket, state) }
  }

  private static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
