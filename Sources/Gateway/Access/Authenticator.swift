// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// Decides whose request it is, before anything but its head is read.
///
/// Failures are counted by source network, also across restarts. A network that is locked out gets
/// 429 whatever it presents, except for clients that authenticated from there before, and for the
/// local operator, whose token is new with every start: nobody may keep him from his own host.
struct Authenticator: Sendable {
  /// How long a network waits when a failure could not be counted. Seconds.
  static let uncountedWait: TimeInterval = 10

  let state: GatewayState
  let link: ComponentLink
  let networks: LockedNetworks

  /// - Returns: The client's name.
  /// - Throws: 401, 403 when the token has not the scope, 429, 503.
  func client(
    of request: Request, from network: SourceNetwork, _ scope: TokenScope, at now: Date = Date()
  ) async throws -> String {
    guard let current = state.current else { throw ProblemResponse.unavailable }
    let presented = PresentedToken(request.headers)
    guard presented != .none else { throw ProblemResponse.unauthorized }
    var client: GatewayCredentials.Client?
    if case .bearer(let token) = presented {
      client = current.credentials.client(presenting: token, at: now)
    }
    let isKnown = client.map { networks.knows($0.name, from: network) } ?? false
    let isOperator = client?.name == GatewayCredentials.operatorClient
    if !isKnown, !isOperator, let until = networks.lockedUntil(network, at: now) {
      throw ProblemResponse.tooManyFailures(until, at: now)
    }
    guard let client else { throw await refusal(of: request, network, at: now) }
    if !isKnown {
      _ = try await link.call(.authenticated(client: client.name, network: network.text))
      networks.remember(client.name, from: network)
    }
    guard client.scopes.contains(scope) else { throw ProblemResponse.insufficientScope(scope) }
    return client.name
  }

  private func refusal(
    of request: Request, _ network: SourceNetwork, at now: Date
  ) async -> ProblemResponse {
    do {
      let reply = try await link.call(
        .authenticationFailed(network: network.text, path: request.uri.path))
      guard case .lockedOut(let lock) = reply else { return .unavailable }
      guard let lock else { return .unauthorized }
      networks.take([network.text: lock])
      return .tooManyFailures(lock.until, at: now)
    } catch {
      // What is not counted must not be tried without end.
      networks.lock(network, until: now.addingTimeInterval(Self.uncountedWait))
      return .unavailable
    }
  }
}

extension ProblemResponse {
  /// RFC 6585 §4.
  static func tooManyFailures(_ until: Date, at now: Date) -> ProblemResponse {
    let seconds = max(1, min(until.timeIntervalSince(now).rounded(.up), 86_400))
    return ProblemResponse(
      "too-many-failures", .tooManyRequests, "Too many failed authentications from this network"
    ).with(.retryAfter, String(Int(seconds)))
  }

  /// RFC 6750 §3.1.
  static func insufficientScope(_ scope: TokenScope) -> ProblemResponse {
    ProblemResponse(
      "insufficient-scope", .forbidden, "The token does not have the scope \(scope.rawValue)"
    ).with(.wwwAuthenticate, "Bearer error=\"insufficient_scope\", scope=\"\(scope.rawValue)\"")
  }
}
