// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// A backup that was never restored is a hope.
  static let goLiveDrill = Check(
    "go-live.drill", "A restore was tried", .high, .goLive,
    reference: "runbook 5", remedy: "wait for a release that has it",
    detect: { _ in .notImplemented("nothing restores a backup for a try") })
}
