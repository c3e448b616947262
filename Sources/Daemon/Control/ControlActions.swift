// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import ControlAPI
import DesiredState
import Planning
import Reconciliation
import Supervision

extension ApplianceError.Code {
  /// Unverified files need a stated reason.
  public static let reasonRequired = Self("apply.reason-required")
  /// The appliance has no desired state yet.
  public static let nothingApplied = Self("apply.nothing-applied")
}

/// What operators can ask of a running appliance.
struct ControlActions: Sendable {
  let reconciler: Reconciler
  let historyLog: ReconcileHistory
  let source: DesiredStateSource
  let statusReport: @Sendable () async -> ApplianceStatus
  let gateway: ComponentSupervisor
  let operatorToken: SecretValue

  func status() async -> ApplianceStatus { await statusReport() }

  func history() throws -> HistoryResponse {
    HistoryResponse(entries: try historyLog.newest(50))
  }

  func reconcile() async -> PassOutcome { await reconciler.pass(.operatorRequest) }

  func plan(_ request: ControlRequest) async throws -> PassOutcome {
    guard let tree = request.tree else { return await reconciler.plan(nil) }
    return await reconciler.plan(try await source.read(tree))
  }

  func apply(_ request: ControlRequest) async throws -> PassOutcome {
    guard let tree = request.tree else { return await reconciler.pass(.operatorRequest) }
    guard let reason = request.reason, !reason.isEmpty else {
      throw ApplianceError(
        .reasonRequired, "a folder is applied only with --unverified and a reason",
        hint: "kafclaw apply PATH --unverified --reason TEXT")
    }
    return await reconciler.apply(try await source.read(tree), justification: reason)
  }

  func access() async throws -> GatewayAccess {
    // Where the gateway itself says it listens: whoever holds another port must not get the token.
    guard let report = await gateway.report(), report.isReady else {
      throw ApplianceError(
        .componentUnhealthy, "the gateway is not running", hint: "kafclaw status")
    }
    let settings = try ApplianceJSON.decode(
      GatewaySettings.self, from: CanonicalJSON.bytes(report.settings))
    let host = settings.host
    let name = ["0.0.0.0", "localhost"].contains(host) ? "127.0.0.1" : host
    let literal = name == "::" ? "[::1]" : (name.contains(":") ? "[\(name)]" : name)
    return GatewayAccess(
      url: "http://\(literal):\(settings.port)",
      token: operatorToken.withBytes { String(decoding: $0, as: UTF8.self) })
  }

  func desired() async throws -> LoadedState {
    guard let state = await reconciler.current.expected else {
      throw ApplianceError(
        .nothingApplied, "no desired state has been applied yet", hint: "kafclaw status")
    }
    return state
  }
}
