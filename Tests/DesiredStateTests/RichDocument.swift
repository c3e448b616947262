// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Documents {
  /// A valid document that sets every field.
  static let rich = #"""
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
      workspace: workspace
      workRepo: /srv/claw/repo
      provider: main
      model: 'small "v2"'
      maxToolIterations: 20
      dailyTokenLimit: 200000
    providers:
      main: {type: openai, baseURL: "https://models.example", apiKey: file:models.key}
    channels:
      web: {type: web, allow: [dave-4]}
      team-slack:
        type: slack
        sessionScope: room
        dmPolicy: disabled
        groupPolicy: open
        requireMention: false
        allow: [U024BE7LH, "123456789"]
        signingSecret: tomb:slack-signing
        botToken: tomb:slack-bot
        stage: 2
    senders:
      owners: [alice-1, bob-2]
      internal: [carol-3]
    tools:
      deny: [exec]
      allow: [read_file, list_dir]
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
      maxStaleness: 2h
      health: {passes: 4, window: 20s, timeout: 90s}
      acknowledgeDeletions: ["sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]
      drift:
        default: correct
        component: correct
        configuration: report
        modes: report
        senders: report
        workspace: correct
      windows: ["0 2 * * *"]
    guardrails: [baseline, strict]
    security:
      suppressions:
        - check: host.firewall
          reason: the provider filters in front of the host
          owner: Ops (primary)
          expires: 2027-03-31

    """#
}
