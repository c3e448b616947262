// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DurableIO

extension Check {
  /// One that holds its lock and does not answer neither serves nor lets another one start.
  static let applianceRunning = Check(
    "appliance.running", "The appliance runs and answers", .medium,
    reference: "runbook 5.2", remedy: "kafclaw run",
    detect: { host in
      guard host.isRunning else {
        return Verdict(.warn, "no process holds \(host.paths.lock)")
      }
      let holder = try LockText.holder(of: host.paths.lock)
      if let status = host.status {
        return .pass("\(holder) runs \"\(status.appliance.name)\" and answers")
      }
      let isCommand = !holder.hasSuffix("(kafclaw run)") && holder.hasPrefix("pid ")
      return isCommand
        ? Verdict(
          .warn, "\(holder) holds \(host.paths.lock): a command is at work",
          remedy: "wait for it, then kafclaw run")
        : Verdict(
          .fail, "\(holder) holds \(host.paths.lock) and does not answer",
          remedy: "read the log of kafclaw run, end it and start it again")
    })
}

/// The text in a lock file. It tells people who holds the lock; the lock itself is the kernel's.
private enum LockText {
  static func holder(of path: String) throws -> String {
    let bytes = try DurableFile.readIfPresent(path, limit: 4_096) ?? []
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
    return line.map { VisibleText.escape(String($0.prefix(80))) } ?? "some process"
  }
}
