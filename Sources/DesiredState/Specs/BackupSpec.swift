// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Backups and the drills that prove them.
public struct BackupSpec: Sendable, Equatable {
  public var schedule: CronSchedule?
  public var timeZone = ZoneName.utc
  public var jitter = SpecDuration(seconds: 300)
  public var repository = ""
  public var accessKey: SecretReference?
  public var secretKey: SecretReference?
  public var appendOnly = false
  public var retention = RetentionSpec()
  public var verify = BackupVerificationSpec()

  public init() {}
}

extension BackupSpec: SpecSection, SpecNesting {
  package static var summary: String { "Backups and the drills that prove them." }

  package static let fields: [SpecField<Self>] = [
    SpecField("schedule", \.schedule, required: true, "When backups are made."),
    SpecField("timeZone", \.timeZone, "Where the schedules are read."),
    SpecField(
      "jitter", \.jitter, "Within this time after its point a run begins, at a time of its own."),
    SpecField(
      "repository", \.repository, required: true,
      "Folder of the repository, or `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`."),
    SpecField("accessKey", \.accessKey, "Access key of an S3 repository."),
    SpecField("secretKey", \.secretKey, "Secret key of an S3 repository."),
    SpecField(
      "appendOnly", \.appendOnly,
      "Whether this host forgets nothing and removes nothing that counts: retention is for another one."
    ),
    SpecField("retention", \.retention, RetentionSpec.summary),
    SpecField("verify", \.verify, BackupVerificationSpec.summary),
  ]
}

/// How many backups are kept.
public struct RetentionSpec: Sendable, Equatable {
  public var last = Count(3)
  public var hourly = Count(0)
  public var daily = Count(7)
  public var weekly = Count(4)
  public var monthly = Count(12)
  public var yearly = Count(0)

  public init() {}
}

extension RetentionSpec: SpecSection, SpecNesting {
  package static var summary: String { "How many backups are kept." }

  package static let fields: [SpecField<Self>] = [
    SpecField("last", \.last, "The newest ones."),
    SpecField("hourly", \.hourly, "One an hour, for this many hours (UTC)."),
    SpecField("daily", \.daily, "One a day, for this many days."),
    SpecField("weekly", \.weekly, "One a week, for this many weeks."),
    SpecField("monthly", \.monthly, "One a month, for this many months."),
    SpecField("yearly", \.yearly, "One a year, for this many years."),
  ]
}

/// When and how deeply backups are verified.
public struct BackupVerificationSpec: Sendable, Equatable {
  public var schedule: CronSchedule?
  public var level: BackupLevel = .drill
  public var maxAge = SpecDuration(seconds: 35 * 86_400)

  public init() {}
}

extension BackupVerificationSpec: SpecSection, SpecNesting {
  package static var summary: String { "When and how deeply backups are verified." }

  package static let fields: [SpecField<Self>] = [
    SpecField("schedule", \.schedule, "When the repository is verified. Defaults to never."),
    SpecField("level", \.level, "How much is read back."),
    SpecField(
      "maxAge", \.maxAge,
      "How old the newest snapshot may be that the recovery key restored in a drill, on whatever host, "
        + "before doctor fails."),
  ]
}

/// How much of a backup is read back.
public enum BackupLevel: String, SpecEnum {
  case manifest
  case data
  case restore
  case drill
}
