// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// A backup, or a step of it, could not be made.
  public static let backupFailed = Self("backup.failed")
  /// The repository does not hold what was put there.
  public static let backupDamaged = Self("backup.damaged")
  /// The repository is an older one than is known, or lacks something that it had.
  public static let backupRewound = Self("backup.rewound")
  /// There is no repository, or it is another one.
  public static let backupRepository = Self("backup.repository")
  /// No key that is at hand opens the repository.
  public static let backupKey = Self("backup.key")
  /// A file of this name is in the repository already: two writers at once.
  public static let backupExists = Self("backup.exists")
  /// The storage of a repository does not answer, or refuses.
  public static let backupStorage = Self("backup.storage")
}
