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
      fallbacks: [spare]
      maxToolIterations: 20
      dailyTokenLimit: 200000
    providers:
      main: {type: openai, baseURL: "https://models.example", apiKey: file:models.key, timeout: 60s}
      spare: {type: anthropic, apiKey: tomb:spare, model: large, answerTokens: 2048}
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
        deny: [U0BAD]
        tools: {profile: reading, deny: [search_files], allow: ["group:read"], ceiling: read}
        dailyTokenLimit: 5000
        signingSecret: tomb:slack-signing
        botToken: tomb:slack-bot
        stage: 2
    senders:
      owners: [alice-1, bob-2]
      internal: [carol-3]
      deny: [mallory-5]
      limits: {messagesPerMinute: 20, burst: 10, queued: 50, dailyTokens: 10000}
    tools:
      profile: files
      deny: [exec]
      allow: [read_file, list_dir, "group:changing"]
      ceiling: write
      groups: {changing: [write_file, edit_file]}
      tiers: {unknown: none, external: read, internal: write, owner: high-risk}
      rules:
        night-shift: {channels: [web], senders: [dave-4], tiers: [external], ceiling: none}
      taint: {files: write, web: read, bots: none}
      approvals: {require: ["group:high-risk"], exempt: [owner], lifetime: 5m}
      exec:
        restrictWorkspace: true
        profiles:
          git: {binary: /usr/bin/git, subcommands: [status], environment: ["GIT_PAGER=cat"], timeout: 30s}
      web: {hosts: [docs.example.org], maxKiB: 256, timeout: 10s}
    skills: {scope: all, enabled: [summarize], runtimeIsolation: strict, sandbox: podman, sources: []}
    backup:
      schedule: "0 3 * * *"
      repository: s3://claw-backups/claw
      retention: {daily: 7, weekly: 4, monthly: 12}
      accessKey: env:STORE_ID
      secretKey: tomb:store
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
        skill: report
        senders: report
        tools: correct
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
