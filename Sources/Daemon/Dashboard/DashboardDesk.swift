// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import Gateway
import SodiumCrypto
import Timeline

/// Answers browsers: who they are, what they see, and what they do, each with its own right.
struct DashboardDesk: Sendable {
  let actions: ControlActions
  let sessions: DashboardSessions
  let tokens: GatewayTokens
  /// Counts a login that failed.
  let fail: @Sendable (_ network: String) async throws -> NetworkLock?
  /// Whether a client is not heard for now.
  let refuses: @Sendable (_ client: String) -> Bool

  func answer(_ request: DashboardRequest) async throws -> DashboardReply {
    let now = Date()
    switch request {
    case .login(let credential, let network): return try await login(credential, network, now)
    case .logout(let secret, let proof):
      guard let session = sessions.session(secret.text, at: now) else { return .loginNeeded }
      guard Self.isOwn(proof, session) else { return Self.foreignForm }
      sessions.end(secret.text)
      return .loginNeeded
    case .page(let secret, let address):
      guard let session = session(secret, now) else { return .loginNeeded }
      guard Self.scopes(of: address.name).contains(where: session.may) else {
        return .forbidden("this page needs the scope operate")
      }
      return await page(address, session, now)
    case .act(let secret, let proof, let act):
      guard let session = session(secret, now) else { return .loginNeeded }
      guard Self.isOwn(proof, session) else { return Self.foreignForm }
      return await carryOut(act, session)
    }
  }

  private static func isOwn(
    _ proof: SealedSettings, _ session: DashboardSessions.Session
  ) -> Bool {
    SecretValue(copying: Array(session.proof.utf8)).isEqual(to: SecretValue(copying: proof.bytes))
  }

  private static let foreignForm = DashboardReply.forbidden(
    "this form is not of this session; load the page again")

  private func login(
    _ credential: DashboardCredential, _ network: String, _ now: Date
  ) async throws -> DashboardReply {
    switch credential {
    case .code(let code):
      // Nobody guesses 256 bits: a link that is opened twice must lock nobody out.
      guard let actor = sessions.take(code: code.text, at: now) else { return .loginNeeded }
      return try begin(actor, network, now) { sessions.begin(actor, scopes: nil, at: now) }
    case .token(let token):
      guard let client = tokens.client(presenting: token.text, at: now) else {
        return try await refuse(network)
      }
      guard Self.isLetIn(client), !refuses(client.name) else {
        return .forbidden("This token opens no page.")
      }
      let actor = "client:\(client.name)"
      return try begin(actor, network, now) {
        sessions.begin(
          actor, scopes: client.scopes, token: SecretValue(copying: token.bytes), at: now)
      }
    }
  }

  private func refuse(_ network: String) async throws -> DashboardReply {
    try await fail(network).map { .locked($0) } ?? .loginNeeded
  }

  /// The local operator's own token is for the command line.
  private static func isLetIn(_ client: GatewayCredentials.Client) -> Bool {
    client.name != GatewayCredentials.operatorClient
      && (client.scopes.contains(.read) || client.scopes.contains(.operate))
  }

  private func begin(
    _ actor: String, _ network: String, _ now: Date, _ session: () -> String
  ) throws -> DashboardReply {
    try actions.audit.record(
      [
        AuditEvent(
          .dashboardLogin, by: actor, on: "dashboard", .done, at: now,
          details: ["network": network])
      ], at: now)
    return .session(
      SealedSettings(Array(session().utf8)), seconds: Int(DashboardSessions.longestLife))
  }

  /// A client's session is worth what its token is worth now.
  private func session(_ secret: SealedSettings, _ now: Date) -> DashboardSessions.Session? {
    guard var session = sessions.session(secret.text, at: now) else { return nil }
    guard let token = session.token else { return session }
    let text = token.withBytes { String(decoding: $0, as: UTF8.self) }
    guard let client = tokens.client(presenting: text, at: now), Self.isLetIn(client),
      session.actor == "client:\(client.name)", !refuses(client.name)
    else {
      sessions.end(secret.text)
      return nil
    }
    session.scopes = client.scopes
    return session
  }

  /// Who may look at messages, senders and records may also decide about them.
  private static func scopes(of page: DashboardPageName) -> [TokenScope] {
    switch page {
    case .overview, .changes, .backups: [.read, .operate]
    case .senders, .approvals, .trace, .audit, .incident: [.operate]
    }
  }

  private func page(
    _ address: DashboardAddress, _ session: DashboardSessions.Session, _ now: Date
  ) async -> DashboardReply {
    let pages = DashboardPages(actions: actions, session: session, now: now)
    do {
      if Self.scopes(of: address.name) == [.operate] {
        try actions.audit.record(
          [
            AuditEvent(
              .read, by: session.actor, on: "dashboard/\(address.name.rawValue)", .done, at: now)
          ], at: now)
      }
      return .page(
        DashboardPage(
          title: DashboardPages.title(address.name), user: session.actor, banner: banner,
          proof: SealedSettings(Array(session.proof.utf8)),
          sections: try await pages.sections(address), at: now))
    } catch {
      let error = ApplianceError.of(error)
      return .failed(error.message, hint: error.hint)
    }
  }

  private var banner: String? {
    let state = actions.incidents.containment.current
    return state.standstill.map { "Ordered to stand still: \($0.reason)" }
      ?? state.containment.map { "Contained: \($0.words)" }
  }

  private func carryOut(
    _ act: DashboardAct, _ session: DashboardSessions.Session
  ) async -> DashboardReply {
    guard session.may(.operate) else { return .forbidden("this needs the scope operate") }
    // What gives something back is for those who may open the control socket.
    guard session.isOperator || ![.restore, .lift, .admit].contains(act.deed) else {
      return .forbidden("this needs an operator of the host: kafclaw dashboard login")
    }
    do {
      return .done(try await DashboardDeeds(actions: actions, actor: session.actor).carryOut(act))
    } catch {
      let error = ApplianceError.of(error)
      return .failed(error.message, hint: error.hint)
    }
  }
}

extension SealedSettings {
  /// As text; bytes that are none become no secret of ours.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension AuditEvent.Kind {
  /// Somebody logged in to the dashboard.
  static let dashboardLogin = Self("dashboard.login")
}
