// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// Everything a plan depends on.
public struct PlanInput: Sendable {
  public var host = ""
  public var source = Plan.Source(
    repository: "", branch: nil, headCommit: nil, headTree: nil, verification: "none")
  public var mode = Plan.Mode.normal
  /// Counts the applies of this host.
  public var serial = 0
  public var created = Date(timeIntervalSince1970: 0)
  /// How long the plan may be applied after it was made. Seconds.
  public var validity = 24 * 60 * 60
  /// The appliance has just been started: components that are not running are no drift.
  public var isStarting = false
  public var desired: [Resource] = []
  public var observed: [ResourceAddress: Observation] = [:]
  public var applied: [ResourceAddress: ResourceFields] = [:]
  public var drift: [ResourceKind: DriftHandling] = [:]
  /// Addresses (or fields of the desired state) that must not be applied, with the reason.
  public var refusals: [PlanRefusal] = []
  /// What the last applied state protects from deletion. Not what the new state protects: who
  /// removes a resource would remove its protection with it.
  public var protected: Set<ResourceAddress> = []
  public var blastGuard = BlastGuard()
  /// Digests of deletions that are meant although they are over the blast guard.
  public var acknowledgedDeletions: Set<Digest> = []
  /// The source was not fetched for too long: nothing is deleted.
  public var isStale = false
  public var policy: [Plan.PolicyResult] = []
  public var environment: [Plan.EnvironmentValue] = []
  public var warnings: [String] = []
  /// Whose reach changes; asked for only where a resource does, since it takes what was applied before.
  public var reach: @Sendable () -> [Plan.Reach] = { [] }

  public init() {}
}

/// A resource that must not be applied whatever the comparison says.
public struct PlanRefusal: Sendable {
  public let address: ResourceAddress
  public let reason: Change.Reason
  public let message: String

  public init(_ address: ResourceAddress, _ reason: Change.Reason, _ message: String) {
    self.address = address
    self.reason = reason
    self.message = message
  }
}
