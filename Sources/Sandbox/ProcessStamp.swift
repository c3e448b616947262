// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// A process for good: its number and when it started, so that a number used again is another.
struct ProcessStamp: Equatable {
  let pid: pid_t
  /// 0 where the kernel did not tell.
  let start: UInt64

  static let own = ProcessStamp(pid: getpid(), start: startTime(in: status(of: getpid())) ?? 0)

  private init(pid: pid_t, start: UInt64) {
    self.pid = pid
    self.start = start
  }

  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let pid = pid_t(parts[0]), pid > 0, let start = UInt64(parts[1]) else {
      return nil
    }
    self.init(pid: pid, start: start)
  }

  /// Of a name that is `mark`, a stamp, a hyphen and a last part.
  init?(ofName name: some StringProtocol, after mark: String) {
    guard name.hasPrefix(mark), let end = name.lastIndex(of: "-") else { return nil }
    self.init(name[..<end].dropFirst(mark.count))
  }

  var text: String { "\(pid)-\(start)" }

  /// One that the kernel does not show is taken for alive as long as its number is in use: `hidepid` of proc(5), and
  /// `ProtectProc=` of systemd.exec(5), hide also those of one's own user that may not be traced.
  var isAlive: Bool {
    isAlive(seen: Self.status(of: pid)) { kill(pid, 0) == 0 || errno != ESRCH }
  }

  /// - Parameter text: What the kernel shows of the number; empty where it shows nothing.
  func isAlive(seen text: String, _ isNumberUsed: () -> Bool) -> Bool {
    text.isEmpty || start == 0 ? isNumberUsed() : Self.startTime(in: text) == start
  }

  private static func status(of pid: pid_t) -> String { GroupFolder.text("/proc/\(pid)/stat") }

  /// Field 22 of proc_pid_stat(5), counted after the name, which may hold anything.
  private static func startTime(in text: String) -> UInt64? {
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].split(separator: " ")
    // One that ended and that nobody waited for is none any more.
    guard fields.count > 20, fields[1] != "Z" else { return nil }
    return UInt64(fields[20])
  }
}
