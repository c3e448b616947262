// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport

/// The desired states of a ``FaultBench``: between any two of them, something of every kind is
/// added, changed and removed.
struct DesiredTexts: Sendable {
  let port: Int
  let dashboardPort: Int
  /// A port that the gateway cannot get.
  let busyPort: Int

  var first: String {
    text(
      web: "[alice]", other: "chat: {type: web, allow: [carol]}",
      """
      senders: {owners: [olga]}
      tools: {deny: [exec]}
      """)
  }

  var firstFiles: [String: String] {
    [
      "kafclaw.yaml": first, "workspace/AGENTS.md": "Be kind.\n",
      "workspace/SOUL.md": "A claw.\n", "workspace/old/NOTES.md": "Old notes.\n",
    ]
  }

  var secondFiles: [String: String] {
    let second = text(
      web: "[alice, bob]", other: "talk: {type: web, dmPolicy: open}",
      """
      senders: {owners: [olga, otto], internal: [ina]}
      tools: {deny: [exec, write_file]}
      agent: {maxToolIterations: 7}
      """)
    return [
      "kafclaw.yaml": second, "workspace/AGENTS.md": "Be brave.\n",
      "workspace/docs/GUIDE.md": "New.\n",
    ]
  }

  var thirdFiles: [String: String] {
    let third = text(
      web: "[bob, dora]", other: "talk: {type: web, allow: [erin]}",
      """
      senders: {owners: [otto], internal: [ida]}
      tools: {deny: [write_file]}
      agent: {maxToolIterations: 9}
      """)
    return [
      "kafclaw.yaml": third, "workspace/AGENTS.md": "Be wise.\n",
      "workspace/SOUL.md": "Two claws.\n", "workspace/docs/GUIDE.md": "Newer.\n",
    ]
  }

  var unhealthyFiles: [String: String] {
    let unhealthy = text(
      web: "[mallory]", other: "sick: {type: web, dmPolicy: open}",
      """
      senders: {owners: [olga, mallory]}
      tools: {deny: []}
      agent: {maxToolIterations: 3}
      """, gatewayPort: busyPort)
    return [
      "kafclaw.yaml": unhealthy, "workspace/AGENTS.md": "Be sick.\n",
      "workspace/docs/GUIDE.md": "Sick.\n", "workspace/docs/MORE.md": "Sicker.\n",
    ]
  }

  /// - Parameter gatewayPort: Another port than the usual one.
  private func text(
    web: String, other: String, _ rest: String, gatewayPort: Int? = nil
  ) -> String {
    // One look at the components is enough here: soaking would only make every run slow.
    let health = Product.goesBack ? ", health: {window: 0s}" : ""
    return """
      version: 1
      appliance: {name: test-claw, incidentOwner: ops}
      gateway:
        port: \(gatewayPort ?? port)
        dashboardPort: \(dashboardPort)
        auth: {token: "env:KAFCLAW_GATEWAY_AUTH_TOKEN"}
      reconcile: {interval: 1h\(health)}
      channels:
        web: {type: web, allow: \(web)}
        \(other)
      \(rest)

      """
  }
}

/// What the program under test can do.
enum Product {
  /// Whether a change that makes the appliance unhealthy is taken back; older programs leave it.
  static let goesBack: Bool = {
    // `try?`: a program that does not start fails every test anyway.
    (try? Program.run(["schema"]).output.contains("\"passes\"")) == true
  }()
}
