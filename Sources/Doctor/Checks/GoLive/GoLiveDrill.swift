// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// A backup that was never restored is a hope.
  static let goLiveDrill = Check(
    "go-live.drill", "A restore was tried", .high, .goLive,
    reference: "runbook 5",
    remedy: BackupLook.drillRemedy,
    detect: { host in
      guard let look = try BackupLook(host) else {
        return Verdict(.fail, "no backup is declared")
      }
      return look.drill(isStarting: false)
    })
}
