// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Checks {
  /// Whether what is declared of backups happens.
  static let backup: [Check] = [.backupRecent, .backupVerified, .backupDrilled]
}
