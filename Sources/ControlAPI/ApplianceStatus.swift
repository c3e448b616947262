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
    /// What it really gave up at its start; `nil` where nobody knows.
    public let confinement: Confinement?

    public init(
      name: String, pid: Int?, health: Health, configDigest: Digest?, restarts: Int,
      message: String?, confinement: Confinement? = nil
    ) {
      self.confinement = confinement
      (self.name, self.pid, self.health) = (name, pid, health)
      (self.configDigest, self.restarts, self.message) = (configDigest, restarts, message)
    }
  }

  /// A provider or channel that the desired state expects.
  public struct Expectation: Sendable, Codable, Equatable {
    public let name: String
    public let expected: Bool
    public let health: Component.Health
    /// What is wrong, or worth knowing.
    public let message: String?

    public init(
      name: String, expected: Bool, health: Component.Health, message: String? = nil
    ) {
      (self.name, self.expected, self.health) = (name, expected, health)
      self.message = message
    }
  }

  public struct Revisions: Sendable, Codable, Equatable {
    /// The newest commit that was seen.
    public var source: String?
    /// The commit the last apply was tried with.
    public var attempted: String?
    /// The commit that was applied last.
    public var applied: String?
    /// The commit of the last good state, which a failed change goes back to.
    public var confirmed: String?

    public init(
      source: String? = nil, attempted: String? = nil, applied: String? = nil,
      confirmed: String? = nil
    ) {
      (self.source, self.attempted) = (source, attempted)
      (self.applied, self.confirmed) = (applied, confirmed)
    }
  }

  /// What the loop remembers.
  public struct Reconcile: Sendable, Codable, Equatable {
    /// Counts changes of any input that can change a verdict.
    public let generation: Int
    /// The newest generation that was evaluated to an end.
    public let observedGeneration: Int
    /// Digests of desired states that were taken back and are not tried again.
    public let quarantined: [Digest]
    /// A newer commit that is not applied because something holds it.
    public let waiting: String?

    public init(
      generation: Int, observedGeneration: Int, quarantined: [Digest], waiting: String?
    ) {
      (self.generation, self.observedGeneration) = (generation, observedGeneration)
      (self.quarantined, self.waiting) = (quarantined, waiting)
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

  /// Where the gateway's tokens come from.
  public struct TokenStatus: Sendable, Codable, Equatable {
    public enum Source: String, Sendable, Codable {
      /// Made by `kafclaw token`; what the desired state names is not accepted any more.
      case tomb
      /// What `gateway.auth.token` names.
      case declared
      /// No client but the local operator can authenticate.
      case none
    }

    public let source: Source
    /// What `gateway.auth.token` names still resolves, and is not accepted any more.
    public let isVariableStale: Bool
    /// Names of the clients that are accepted.
    public let clients: [String]
    /// Why what `gateway.auth.token` names is not accepted; `nil` where nothing is wrong with it.
    public let problem: String?

    public init(
      source: Source, isVariableStale: Bool, clients: [String], problem: String? = nil
    ) {
      (self.source, self.isVariableStale) = (source, isVariableStale)
      (self.clients, self.problem) = (clients, problem)
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
  public let reconcile: Reconcile
  /// `nil` while no backup is declared.
  public var backup: Backup?
  /// `nil` for whoever may not know.
  public var audit: Audit?
  /// Those that are open or acknowledged, newest first; `nil` where the timeline does not tell.
  public var alerts: [Alert]?
  /// By channel; `nil` where the timeline does not tell.
  public var deadLetters: [DeadLetters]?
  /// `nil` before the gateway was configured.
  public var tokens: TokenStatus?
  public let serial: Int
  public let checkedAt: Date

  public init(
    ready: Bool, appliance: Identity, conditions: [Condition], components: [Component],
    providers: [Expectation], channels: [Expectation], revisions: Revisions, drift: Drift,
    reconcile: Reconcile, serial: Int, checkedAt: Date
  ) {
    formatVersion = 1
    (self.ready, self.appliance) = (ready, appliance)
    (self.conditions, self.components) = (conditions, components)
    (self.providers, self.channels) = (providers, channels)
    (self.revisions, self.drift, self.reconcile) = (revisions, drift, reconcile)
    (self.serial, self.checkedAt) = (serial, checkedAt)
  }
}
