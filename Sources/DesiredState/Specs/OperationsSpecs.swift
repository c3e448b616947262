// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// How long logs are kept.
public struct LogsSpec: Sendable, Equatable {
  public var retention: SpecDuration?

  public init() {}
}

extension LogsSpec: SpecSection, SpecNesting {
  package static var summary: String { "How long logs are kept." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "retention", \.retention,
      "Age at which what is over is removed from the timeline: messages with their turns, decisions, "
        + "texts that were sent or given up, alerts, approvals. At least 8 days, since platforms repeat "
        + "for a week. The audit log stays. Defaults to never.")
  ]
}

/// Thresholds of the watches.
public struct MonitoringSpec: Sendable, Equatable {
  public var unknownSenders = Count(30)
  public var authFailures = Count(30)
  public var highRiskAttempts = Count(10)
  public var tokenSpikePercent = Count(300)
  public var tokenFloor = Count(100_000)
  public var escalateAfter = SpecDuration(seconds: 900)

  public init() {}
}

extension MonitoringSpec: SpecSection, SpecNesting {
  package static var summary: String { "Thresholds of the watches." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "unknownSenders", \.unknownSenders,
      "Messages of unknown senders an hour that alert; 0 for never."),
    SpecField(
      "authFailures", \.authFailures, "Failed authentications an hour that alert; 0 for never."),
    SpecField(
      "highRiskAttempts", \.highRiskAttempts,
      "High-risk tool calls an hour that were refused and alert; 0 for never."),
    SpecField(
      "tokenSpikePercent", \.tokenSpikePercent,
      "Tokens of a day (UTC) that alert, in percent of the mean of the seven days before; 0 for "
        + "never."),
    SpecField(
      "tokenFloor", \.tokenFloor,
      "Tokens a day that count as usual although fewer were used: a young host has no mean."),
    SpecField(
      "escalateAfter", \.escalateAfter,
      "How long each step of `appliance.escalation` has before the next one is told."),
  ]
}

/// How the loop behaves.
public struct ReconcileSpec: Sendable, Equatable {
  public var interval = SpecDuration(seconds: 60)
  public var drift = DriftSpec()
  public var health = HealthSpec()
  public var maxStaleness: SpecDuration?
  public var acknowledgeDeletions: [Digest] = []
  public var windows: [String] = []

  public init() {}
}

extension ReconcileSpec: SpecSection, SpecNesting {
  package static var summary: String { "How the loop behaves." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "interval", \.interval,
      "Time between two passes, jittered by a tenth. At least one second."),
    SpecField("drift", \.drift, DriftSpec.summary),
    SpecField("health", \.health, HealthSpec.summary),
    SpecField(
      "maxStaleness", \.maxStaleness,
      "After this long without a successful fetch nothing is deleted any more. Defaults to three "
        + "intervals, at least 10m."),
    SpecField(
      "acknowledgeDeletions", \.acknowledgeDeletions,
      "Digests of deletions that are meant, although they are over the blast guard. A plan that "
        + "was refused names its own."),
    SpecField(
      "windows", \.windows, "When changes may be applied (cron, UTC). Defaults to always."),
  ]
}

/// When a change counts as healthy.
public struct HealthSpec: Sendable, Equatable {
  public var passes = Count(3)
  public var window = SpecDuration(seconds: 10)
  public var timeout = SpecDuration(seconds: 60)

  public init() {}
}

extension HealthSpec: SpecSection, SpecNesting {
  package static var summary: String {
    "When a change counts as healthy; one that does not is taken back."
  }

  package static let fields: [SpecField<Self>] = [
    SpecField("passes", \.passes, "Checks in a row that must find every component healthy."),
    SpecField(
      "window", \.window,
      "Time over which those checks are spread. `0s` is enough of a look for one check."),
    SpecField("timeout", \.timeout, "After this long the change has failed."),
  ]
}

/// What happens to changes made outside git, by kind of resource.
public struct DriftSpec: Sendable, Equatable {
  public var `default`: DriftPolicy = .correct
  public var component: DriftPolicy?
  public var configuration: DriftPolicy?
  public var modes: DriftPolicy?
  public var senders: DriftPolicy?
  public var skill: DriftPolicy?
  public var tools: DriftPolicy?
  public var workspace: DriftPolicy?

  public init() {}
}

extension DriftSpec: SpecSection, SpecNesting {
  package static var summary: String {
    "What happens to changes made outside git, by kind of resource."
  }

  package static let fields: [SpecField<Self>] = [
    SpecField("default", \.default, "For kinds without a policy of their own."),
    SpecField("component", \.component, "Processes of gateway and agent."),
    SpecField("configuration", \.configuration, "The rendered `config.json`."),
    SpecField("modes", \.modes, "Modes of the appliance's files and folders."),
    SpecField("senders", \.senders, "Sender lists in the timeline."),
    SpecField("skill", \.skill, "Skills of the repository, and pinned ones."),
    SpecField("tools", \.tools, "The tool policy in the timeline."),
    SpecField("workspace", \.workspace, "Files of the agent's workspace."),
  ]
}

/// What happens to drift.
public enum DriftPolicy: String, SpecEnum {
  /// Put back what git says.
  case correct
  /// Tell, but touch nothing.
  case report
}
