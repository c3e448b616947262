// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// What was not backed up is gone with the disk.
  static let goLiveBackup = Check(
    "go-live.backup", "Backups of timeline.db are configured", .high, .goLive,
    reference: "runbook 5", remedy: "wait for a release that has it",
    detect: { _ in .notImplemented("nothing makes the backups that backup declares") })
}
