// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ControlAPI
import GatewayAPI
import HTTPTypes
import Hummingbird

/// The routes of both listeners.
struct GatewayRouters: Sendable {
  let state: GatewayState
  let link: ComponentLink
  let networks: LockedNetworks
  let channels: ChannelHost
  let attempts = HandshakeAttempts()

  private var authenticator: Authenticator {
    Authenticator(state: state, link: link, networks: networks)
  }

  private var status: StatusController {
    StatusController(link: link, authenticator: authenticator)
  }

  var api: Router<GatewayContext> {
    let router = Router(context: GatewayContext.self)
    router.add(
      middleware: RequestGuard(
        methods: [
          Routes.chat: [.post], Routes.messages + "/": [.get], Routes.health: [.get],
          Routes.readiness: [.get], Routes.channels + "/": [.get, .post],
        ], state: state))
    let platforms = ChannelController(
      link: link, state: state, channels: channels, attempts: attempts)
    router.post(RouterPath(Routes.channels + "/:name")) { request, context in
      try await platforms.receive(
        request, context.parameters.get("name") ?? "", from: context.network)
    }
    router.get(RouterPath(Routes.channels + "/:name")) { request, context in
      try await platforms.handshake(
        request, context.parameters.get("name") ?? "", from: context.network)
    }
    let chat = ChatController(link: link, authenticator: authenticator)
    router.post(RouterPath(Routes.chat)) { request, context in
      try await chat.chat(request, from: context.network)
    }
    router.get(RouterPath(Routes.messages + "/:id")) { request, context in
      try await chat.message(
        request, id: context.parameters.get("id") ?? "", from: context.network)
    }
    addProbes(to: router, status)
    return router
  }

  var dashboard: Router<GatewayContext> {
    let router = Router(context: GatewayContext.self)
    router.add(
      middleware: RequestGuard(
        methods: [
          Routes.status: [.get], Routes.reconcile: [.post], Routes.metrics: [.get],
          Routes.approvals: [.get], Routes.approvals + "/": [.post],
          Routes.health: [.get], Routes.readiness: [.get],
        ].merging(DashboardRoutes.methods) { one, _ in one }, state: state))
    DashboardRoutes.add(
      to: router, DashboardController(link: link, networks: networks))
    let status = status
    router.get(RouterPath(Routes.status)) { request, context in
      try await status.status(request, from: context.network)
    }
    router.get(RouterPath(Routes.metrics)) { request, context in
      try await status.metrics(request, from: context.network)
    }
    router.post(RouterPath(Routes.reconcile)) { request, context in
      try await status.reconcile(request, from: context.network)
    }
    let approvals = ApprovalController(link: link, authenticator: authenticator)
    router.get(RouterPath(Routes.approvals)) { request, context in
      try await approvals.list(request, from: context.network)
    }
    router.post(RouterPath(Routes.approvals + "/:id")) { request, context in
      try await approvals.decide(
        request, id: context.parameters.get("id") ?? "", from: context.network)
    }
    addProbes(to: router, status)
    return router
  }

  private func addProbes(to router: Router<GatewayContext>, _ status: StatusController) {
    router.get(RouterPath(Routes.health)) { _, _ in try status.health() }
    router.get(RouterPath(Routes.readiness)) { _, _ in try await status.readiness() }
  }
}
