// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
public import Planning
public import Reconciliation

/// Body of `POST /v1/plan` and `POST /v1/apply`: files to look at instead of the configured source.
public struct ControlRequest: Sendable, Codable {
  public let tree: SourceTree?
  /// Why unverified files are applied; required with `tree` by `apply`.
  public let reason: String?

  /// The plan that was reviewed: nothing else is carried out.
  public let plan: Plan?
  /// Digest of deletions that are meant although they are many.
  public let acknowledged: Digest?

  public init(
    tree: SourceTree? = nil, reason: String? = nil, plan: Plan? = nil,
    acknowledged: Digest? = nil
  ) {
    (self.tree, self.reason) = (tree, reason)
    (self.plan, self.acknowledged) = (plan, acknowledged)
  }
}

/// Body of `POST /v1/suspend`, `/v1/resume` and `/v1/rollback`.
public struct HoldRequest: Sendable, Codable {
  public let reason: String?
  public let until: Date?
  /// `rollback`: commit or tree to go back to. `resume`: quarantined state to free.
  public let target: String?

  public init(reason: String? = nil, until: Date? = nil, target: String? = nil) {
    (self.reason, self.until, self.target) = (reason, until, target)
  }
}

/// Body of `POST /v1/timeline`.
public struct TimelineRequest: Sendable, Codable {
  /// Reads everything, which takes long.
  public let full: Bool

  public init(full: Bool) { self.full = full }
}

/// Answer of `POST /v1/timeline`.
public struct TimelineReport: Sendable, Codable {
  /// `nil` when it is intact.
  public let problem: String?
}

/// Answer of `GET /v1/audit/anchors`: what the timeline remembers of the audit log's seals.
public struct AuditAnchors: Sendable, Codable {
  public var formatVersion = 1
  /// In the order in which they were remembered.
  public let anchors: [AuditAnchor]
}

/// Where `kafclaw chat` reaches the gateway, and its token.
public struct GatewayAccess: Sendable, Codable {
  public let url: String
  public let token: String
}

/// Answer of `GET /v1/history`.
public struct HistoryResponse: Sendable, Codable {
  public let formatVersion: Int
  public let entries: [HistoryEntry]

  public init(entries: [HistoryEntry]) {
    formatVersion = 1
    self.entries = entries
  }
}

/// Paths of the control socket.
public enum ControlRoutes {
  public static let status = "/v1/status"
  public static let reconcile = "/v1/reconcile"
  public static let plan = "/v1/plan"
  public static let apply = "/v1/apply"
  public static let history = "/v1/history"
  public static let access = "/v1/access"
  public static let desired = "/v1/desired"
  public static let reseal = "/v1/reseal"
  public static let timeline = "/v1/timeline"
  public static let capture = "/v1/timeline/capture"
  public static let auditAnchors = "/v1/audit/anchors"
  public static let approvals = "/v1/approvals"
  public static let decide = "/v1/approvals/decide"
  public static let decisions = "/v1/decisions"
  public static let sandboxes = "/v1/sandboxes"
  public static let escape = "/v1/sandboxes/escape"
  public static let suspend = "/v1/suspend"
  public static let resume = "/v1/resume"
  public static let rollback = "/v1/rollback"
  public static let accept = "/v1/source/accept"
}
