// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import FoundationEssentials
import Planning
import Supervision

/// Answer of `POST /v1/dashboard/login`.
public struct DashboardLink: Sendable, Codable {
  public var formatVersion = 1
  /// Logs one browser in, once.
  public let url: String
  /// Seconds.
  public let seconds: Int
}

extension ControlActions {
  /// A link that logs a browser in as whoever asks for it.
  func dashboardLogin(as actor: String) async throws -> DashboardLink {
    let settings = try await gatewaySettings()
    let now = Date()
    try audit.record(
      [AuditEvent(.dashboardLogin, by: actor, on: "dashboard/link", .intent, at: now)], at: now)
    let code = sessions.makeCode(for: actor, at: now)
    return DashboardLink(
      url: "http://\(Self.literal(settings.host)):\(settings.dashboardPort)/login?code=\(code)",
      seconds: Int(DashboardSessions.codeLife))
  }
}
