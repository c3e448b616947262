// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// What `kafclaw status` prints.
public struct ApplianceStatus: Sendable, Codable, Equatable {
  public struct Identity: Sendable, Codable, Equatable {
    public let name: String
    public let incidentOwner: String?

    public init(name: String, incidentOwner: String?) {
      self.name = name
      self.incidentOwner = incidentOwner
    }
  }

  public struct Component: Sendable, Codable, Equatable {
    public enum Health: String, Sendable, Codable {
      case healthy
      case starting
      case unhealthy
      case stopped
    }

    public let name: String
    public let pid: Int?
    public let health: Health
    public let configDigest: Digest?
    public let restarts: Int
    public let message: String?

    public init(
      name: String, pid: Int?, health: Health, configDigest: Digest?, restarts: Int,
      message: String?
    ) {
      (self.name, self.pid, self.health) = (name, pid, health)
      (self.configDigest, self.restarts, self.message) = (configDigest, restarts, message)
    }
  }

  /// A provider or channel that the desired state expects.
  public struct Expectation: Sendable, Codable, Equatable {
    public let name: String
    public let expected: Bool
    public let health: Component.Health

    public init(name: String, expected: Bool, health: Component.Health) {
      (self.name, self.expected, self.health) = (name, expected, health)
    }
  }

  public struct Revisions: Sendable, Codable, Equatable {
    /// The newest commit that was seen.
    public var source: String?
    /// The commit the last apply was tried with.
    public var attempted: String?
    /// The commit that was applied last.
    public var applied: String?

    public init(source: String? = nil, attempted: String? = nil, applied: String? = nil) {
      (self.source, self.attempted, self.applied) = (source, attempted, applied)
    }
  }

  public struct Drift: Sendable, Codable, Equatable {
    /// Addresses that differ and are only reported.
    public let reported: [String]
    /// Corrections since the start of the appliance.
    public let corrected: Int

    public init(reported: [String] = [], corrected: Int = 0) {
      (self.reported, self.corrected) = (reported, corrected)
    }
  }

  public let formatVersion: Int
  public let ready: Bool
  public let appliance: Identity
  public let conditions: [Condition]
  public let components: [Component]
  public let providers: [Expectation]
  public let channels: [Expectation]
  public let revisions: Revisions
  public let drift: Drift
  /// `nil` while no backup is declared.
  public let backup: String?
  /// `nil` while there is no audit log.
  public let audit: String?
  public let serial: Int
  public let checkedAt: Date

  public init(
    ready: Bool, appliance: Identity, conditions: [Condition], components: [Component],
    providers: [Expectation], channels: [Expectation], revisions: Revisions, drift: Drift,
    serial: Int, checkedAt: Date
  ) {
    formatVersion = 1
    (self.ready, self.appliance) = (ready, appliance)
    (self.conditions, self.components) = (conditions, components)
    (self.providers, self.channels) = (providers, channels)
    (self.revisions, self.drift) = (revisions, drift)
    (backup, audit) = (nil, nil)
    (self.serial, self.checkedAt) = (serial, checkedAt)
  }
}
