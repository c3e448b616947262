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

  private var chat: ChatController { ChatController(state: state, link: link) }
  private var status: StatusController {
    StatusController(state: state, link: link, chat: chat)
  }

  var api: Router<BasicRequestContext> {
    let router = Router()
    router.add(
      middleware: RequestGuard(
        methods: [
          Routes.chat: [.post], Routes.messages + "/": [.get], Routes.health: [.get],
          Routes.readiness: [.get],
        ], state: state))
    let (chat, status) = (chat, status)
    router.post(RouterPath(Routes.chat)) { request, _ in try await chat.chat(request) }
    router.get(RouterPath(Routes.messages + "/:id")) { request, context in
      try await chat.message(request, id: context.parameters.get("id") ?? "")
    }
    addProbes(to: router, status)
    return router
  }

  var dashboard: Router<BasicRequestContext> {
    let router = Router()
    router.add(
      middleware: RequestGuard(
        methods: [
          Routes.status: [.get], Routes.health: [.get], Routes.readiness: [.get],
        ], state: state))
    let status = status
    router.get(RouterPath(Routes.status)) { request, _ in try await status.status(request) }
    addProbes(to: router, status)
    return router
  }

  private func addProbes(to router: Router<BasicRequestContext>, _ status: StatusController) {
    router.get(RouterPath(Routes.health)) { _, _ in try status.health() }
    router.get(RouterPath(Routes.readiness)) { _, _ in try await status.readiness() }
  }
}
