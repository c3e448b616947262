// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ControlAPI
import HTTPTypes
import Hummingbird

/// Where the dashboard's pages and forms are.
enum DashboardRoutes {
  /// As ``RequestGuard/methods``.
  static let methods: [String: Set<HTTPRequest.Method>] = [
    "/": [.get], "/login": [.get, .post], "/logout": [.post], "/act": [.post],
    "/style.css": [.get],
  ].merging(DashboardPageName.allCases.map { ("/" + $0.rawValue, [.get]) }) { one, _ in one }

  static func add(to router: Router<GatewayContext>, _ dashboard: DashboardController) {
    router.get("/") { _, _ in DashboardController.redirect(to: "/overview") }
    router.get("/style.css") { _, _ in dashboard.style() }
    router.get("/login") { request, _ in dashboard.loginForm(request) }
    router.post("/login") { request, context in
      try await dashboard.login(request, from: context.network)
    }
    router.post("/logout") { request, _ in try await dashboard.logout(request) }
    router.post("/act") { request, _ in try await dashboard.act(request) }
    for name in DashboardPageName.allCases {
      router.get(RouterPath("/" + name.rawValue)) { request, _ in
        try await dashboard.page(request, name)
      }
    }
  }
}
