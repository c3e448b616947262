// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension YAMLTarget {
  static let seeds =
    [small, rich, Array("\(header)\u{1E}\(fragment)\u{1E}\(overlay)".utf8), odd] + hostile

  /// Keys that are nobody's business, where a message would show them.
  private static let hostile = [
    "\(header)channels: {\(credential): {type: web, allow: 5}}\n",
    "\(header)channels: {\(credential): {type: web, allow: [a]}}\n",
    "\(header)\(credential): 5\n\(credential): 6\n",
    "\(header)a: {\(credential): 1}\n\u{1E}a: {\(credential): 2}\n",
    "\(header)\"\\e[31m\": 1\n\u{1E}\"\\e[31m\": 2\n",
  ].map { Array($0.utf8) }

  private static let credential = "sk-" + "abc0123456789defg0"

  private static let header = "version: 1\nappliance: {name: probe}\n"
  private static let fragment = "channels:\n  web: {type: web, allow: [a]}\n"
  private static let overlay = "gateway: {port: 9000}\nchannels: {web: {allow: [b, c]}}\n"

  private static let small = Array("\(header)\(fragment)\(overlay.prefix(22))".utf8)

  private static let odd = Array(
    #"""
    {"version": 1, "appliance": {"name": 'it''s \u0041 "x"'}, channels: {
      ? web
      : {type: web, allow: ["\x41", "\U0001F600"]}}}
    # end
    """#.utf8)

  private static let rich = Array(
    #"""
    version: 1
    appliance:
      name: "support claw"
      incidentOwner: Ops (primary)
      escalation:
        - webhook: {url: "https://alerts.example/hook", secret: tomb:alert-hook}
    gateway:
      host: 10.0.0.5
      port: 18790
      dashboardPort: 18791
      auth: {token: env:KAFCLAW_GATEWAY_AUTH_TOKEN, rotateAfter: 60d}
    agent:
      workRepo: /srv/claw/repo
      provider: main
      maxToolIterations: 20
      dailyTokenLimit: 200000
    providers:
      main: {type: openai, baseURL: "https://models.example", apiKey: file:models.key}
    channels:
      web: {type: web, allow: [dave-4]}
      team-slack:
        type: slack
        account: A024BE7LH
        tenant: T024BE7LH
        sessionScope: room
        dmPolicy: disabled
        groupPolicy: open
        requireMention: false
        allow: [U024BE7LH, "123456789"]
        signingSecret: tomb:slack-signing
        botToken: tomb:slack-bot
    senders:
      owners: [alice-1, bob-2]
    tools:
      deny: [exec]
      tiers: {external: read, internal: write, owner: high-risk}
      exec: {restrictWorkspace: true}
    skills: {scope: all, enabled: [notes], runtimeIsolation: strict, sources: []}
    backup:
      schedule: "0 3 * * *"
      repository: /srv/backups/claw
      retention: {daily: 7, weekly: 4, monthly: 12}
      verify: {schedule: "0 5 * * 0", level: restore}
    logs: {retention: 30d}
    monitoring: {unknownSenders: 5, authFailures: 10, highRiskAttempts: 1, tokenSpikePercent: 300}
    reconcile:
      interval: 5m
      health: {passes: 4, window: 20s, timeout: 90s}
      drift: {default: correct, modes: report}
      windows: ["0 2 * * *"]
    guardrails: [baseline, strict]
    security: {suppressions: [{check: host.firewall, reason: a, owner: b, expires: 2027-03-31}]}

    """#.utf8)
}
