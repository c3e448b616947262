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

/// Body of `POST /v1/channels/probe` and `/v1/channels/hostile`.
public struct ChannelRequest: Sendable, Codable {
  /// `nil` for all, where that is possible.
  public let channel: String?

  public init(channel: String?) { self.channel = channel }
}

/// Answer of `POST /v1/channels/probe`.
public struct ChannelsResponse: Sendable, Codable {
  public var formatVersion = 1
  public let channels: [ChannelReport]
}

/// Answer of `POST /v1/channels/hostile`.
public struct HostileResponse: Sendable, Codable {
  /// Where the listener is.
  public let url: String
  /// `nil` for a channel whose platform sends no requests.
  public let requests: [HostileRequest]?
}

/// Body of `POST /v1/deliveries`: which, and what is to be done with one of them.
public struct DeliveriesRequest: Sendable, Codable {
  public enum Deed: String, Sendable, Codable {
    case resubmit
    case drop
  }

  /// `nil` lists them.
  public let deed: Deed?
  public let id: DeliveryID?
  public let state: DeliveryRecord.State

  public init(state: DeliveryRecord.State, deed: Deed? = nil, id: DeliveryID? = nil) {
    (self.state, self.deed, self.id) = (state, deed, id)
  }
}

/// Its answer.
public struct DeliveriesResponse: Sendable, Codable {
  public var formatVersion = 1
  public let deliveries: [DeliveryRecord]
}

/// Body of `POST /v1/alerts`.
public struct AlertsRequest: Sendable, Codable {
  public let states: [Alert.State]
  /// `nil` lists them.
  public let acknowledge: Int64?

  public init(states: [Alert.State] = [], acknowledge: Int64? = nil) {
    (self.states, self.acknowledge) = (states, acknowledge)
  }
}

/// Its answer.
public struct AlertsResponse: Sendable, Codable {
  public var formatVersion = 1
  public let alerts: [Alert]
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
  public static let probe = "/v1/channels/probe"
  public static let hostile = "/v1/channels/hostile"
  public static let deliveries = "/v1/deliveries"
  public static let incident = "/v1/incident"
  public static let pairings = "/v1/pairings"
  public static let alerts = "/v1/alerts"
  public static let dashboardLogin = "/v1/dashboard/login"
  public static let runSkill = "/v1/skills/run"
  public static let suspend = "/v1/suspend"
  public static let resume = "/v1/resume"
  public static let rollback = "/v1/rollback"
  public static let accept = "/v1/source/accept"
}
