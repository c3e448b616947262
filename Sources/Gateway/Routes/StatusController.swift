// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import GatewayAPI
import Hummingbird

/// Health, readiness and the dashboard's status.
struct StatusController: Sendable {
  private struct Health: Encodable {
    let status = "ok"
  }

  let state: GatewayState
  let link: ComponentLink
  let chat: ChatController

  /// The process answers; nothing is said about what is behind it.
  func health() throws -> Response {
    try JSONResponse.make(Health())
  }

  /// Agent, store and configuration digest: 200 when all are fit, else 503.
  func readiness() async throws -> Response {
    guard case .readiness(let readiness) = try await link.call(.readiness) else {
      throw ProblemResponse.unavailable
    }
    return try JSONResponse.make(
      readiness, status: readiness.isReady ? .ok : .serviceUnavailable)
  }

  func status(_ request: Request) async throws -> Response {
    _ = try chat.authenticate(request)
    guard case .status(let status) = try await link.call(.status) else {
      throw ProblemResponse.unavailable
    }
    return try JSONResponse.make(status)
  }
}
