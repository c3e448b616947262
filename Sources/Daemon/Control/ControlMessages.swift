// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import Reconciliation

/// Body of `POST /v1/plan` and `POST /v1/apply`: files to look at instead of the configured source.
public struct ControlRequest: Sendable, Codable {
  public let tree: SourceTree?
  /// Why unverified files are applied; required with `tree` by `apply`.
  public let reason: String?

  public init(tree: SourceTree? = nil, reason: String? = nil) {
    self.tree = tree
    self.reason = reason
  }
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
}
