// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Reconciliation

/// The operators' door: HTTP over a unix socket that only the owner can open.
struct ControlServer: Sendable {
  static let bodyLimit = 32 << 20

  let actions: ControlActions
  let logger: Logger
  let `guard`: PeerGuard

  /// - Parameter onListening: Called once callers can connect.
  func application(
    path: String, onListening: @escaping @Sendable () throws -> Void
  ) -> Application<RouterResponder<ControlContext>> {
    let logger = logger
    return Application(
      router: router, configuration: .init(address: .unixDomainSocket(path: path)),
      onServerRunning: { _ in
        do { try onListening() } catch {
          logger.error("control socket", metadata: ["error": "\(error)"])
        }
      }, logger: logger)
  }

  private var router: Router<ControlContext> {
    let router = Router(context: ControlContext.self)
    router.add(middleware: self.guard)
    let actions = actions
    router.get(RouterPath(ControlRoutes.status)) { _, _ in
      try respond(await actions.status())
    }
    router.get(RouterPath(ControlRoutes.history)) { _, _ in
      try respond(try actions.history())
    }
    router.get(RouterPath(ControlRoutes.access)) { _, _ in
      try await respond(to: { try await actions.access() })
    }
    router.get(RouterPath(ControlRoutes.desired)) { _, _ in
      try await respond(to: { try await actions.desired() })
    }
    router.post(RouterPath(ControlRoutes.reconcile)) { _, _ in
      try respond(await actions.reconcile())
    }
    router.post(RouterPath(ControlRoutes.plan)) { request, _ in
      let body = try await decode(request)
      return try await respond(to: { try await actions.plan(body) })
    }
    router.post(RouterPath(ControlRoutes.apply)) { request, _ in
      let body = try await decode(request)
      return try await respond(to: { try await actions.apply(body) })
    }
    addHolds(router)
    addChannels(router)
    addMaintenance(router)
    addAccess(router)
    return router
  }

  private func addMaintenance(_ router: Router<ControlContext>) {
    let actions = actions
    router.post(RouterPath(ControlRoutes.reseal)) { _, _ in
      try await respond(to: { try await actions.reseal() })
    }
    router.post(RouterPath(ControlRoutes.timeline)) { request, _ in
      let body = try await decode(request, as: TimelineRequest.self)
      return try await respond(to: { try await actions.inspectTimeline(body) })
    }
    router.post(RouterPath(ControlRoutes.capture)) { _, _ in
      try await respond(to: { try await actions.captureTimeline() })
    }
    router.get(RouterPath(ControlRoutes.auditAnchors)) { _, _ in
      try await respond(to: { try await actions.auditAnchors() })
    }
  }

  private func addAccess(_ router: Router<ControlContext>) {
    let actions = actions
    router.post(RouterPath(ControlRoutes.approvals)) { request, _ in
      let body = try await decode(request, as: ApprovalsRequest.self)
      return try await respond(to: { try await actions.approvals(body) })
    }
    router.post(RouterPath(ControlRoutes.decide)) { request, context in
      let body = try await decode(request, as: ApprovalDecision.self)
      return try await respond(to: { try await actions.decide(body, by: context.caller) })
    }
    router.post(RouterPath(ControlRoutes.decisions)) { request, _ in
      let body = try await decode(request, as: DecisionsRequest.self)
      return try await respond(to: { try await actions.decisions(body) })
    }
    router.post(RouterPath(ControlRoutes.escape)) { request, _ in
      let body = try await decode(request, as: EscapeRequest.self)
      return try await respond(to: { try await actions.escape(body) })
    }
    router.post(RouterPath(ControlRoutes.dashboardLogin)) { _, context in
      let actor = ControlActions.actor(context.caller)
      return try await respond(to: { try await actions.dashboardLogin(as: actor) })
    }
    router.post(RouterPath(ControlRoutes.runSkill)) { request, context in
      let body = try await decode(request, as: SkillRunRequest.self)
      return try await respond(to: { try await actions.runSkill(body, by: context.caller) })
    }
    router.get(RouterPath(ControlRoutes.sandboxes)) { _, _ in
      try await respond(to: { try await actions.sandboxes() })
    }
  }

  private func addChannels(_ router: Router<ControlContext>) {
    let actions = actions
    router.post(RouterPath(ControlRoutes.probe)) { request, _ in
      let body = try await decode(request, as: ChannelRequest.self)
      return try await respond(to: { try await actions.probe(body) })
    }
    router.post(RouterPath(ControlRoutes.hostile)) { request, _ in
      let body = try await decode(request, as: ChannelRequest.self)
      return try await respond(to: { try await actions.hostileRequests(body) })
    }
    router.post(RouterPath(ControlRoutes.pairings)) { request, context in
      let body = try await decode(request, as: PairingRequest.self)
      return try await respond(to: {
        try await actions.pairings(body, as: ControlActions.actor(context.caller))
      })
    }
    router.post(RouterPath(ControlRoutes.alerts)) { request, context in
      let body = try await decode(request, as: AlertsRequest.self)
      return try await respond(to: {
        try await actions.alerts(body, as: ControlActions.actor(context.caller))
      })
    }
    router.get(RouterPath(ControlRoutes.incident)) { _, _ in
      try await respond(to: { try await actions.incident() })
    }
    router.post(RouterPath(ControlRoutes.incident)) { request, context in
      let body = try await decode(request, as: IncidentOrder.self)
      return try await respond(to: {
        try await actions.incident(body, as: ControlActions.actor(context.caller))
      })
    }
    router.post(RouterPath(ControlRoutes.deliveries)) { request, context in
      let body = try await decode(request, as: DeliveriesRequest.self)
      return try await respond(to: { try await actions.deliveries(body, by: context.caller) })
    }
  }

  private func addHolds(_ router: Router<ControlContext>) {
    let actions = actions
    router.post(RouterPath(ControlRoutes.suspend)) { request, _ in
      let body = try await decode(request, as: HoldRequest.self)
      return try await respond(to: { try await actions.suspend(body) })
    }
    router.post(RouterPath(ControlRoutes.resume)) { request, _ in
      let body = try await decode(request, as: HoldRequest.self)
      return try await respond(to: { try await actions.resume(body) })
    }
    router.post(RouterPath(ControlRoutes.rollback)) { request, _ in
      let body = try await decode(request, as: HoldRequest.self)
      return try await respond(to: { try await actions.rollback(body) })
    }
    router.post(RouterPath(ControlRoutes.accept)) { request, _ in
      let body = try await decode(request, as: SourceAcceptance.self)
      return try await respond(to: { try await actions.accept(body) })
    }
  }
}

private func decode<Body: Decodable>(
  _ request: Request, as type: Body.Type = ControlRequest.self
) async throws -> Body {
  let buffer = try await request.body.collect(upTo: ControlServer.bodyLimit)
  return try ApplianceJSON.decode(type, from: buffer.readableBytesView)
}

func respond(
  _ body: some Encodable, status: HTTPResponse.Status = .ok
) throws -> Response {
  let bytes = try ApplianceJSON.encode(body)
  return Response(
    status: status, headers: [.contentType: "application/json"],
    body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
}

/// An ``ApplianceError`` is an answer too: 409 with the error as body.
private func respond(
  to action: () async throws -> some Encodable
) async throws -> Response {
  do {
    return try respond(try await action())
  } catch let error as ApplianceError {
    return try respond(error, status: .conflict)
  }
}
