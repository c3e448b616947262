// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What no type can say: rules over more than one field. They hold for every appliance and cannot
/// be switched off, unlike guardrails.
enum SemanticRules {
  static func issues(
    spec: ApplianceSpec, skills: [String: SourceTree.File], provenance: [String: Origin]
  ) -> [ValidationIssue] {
    let check = RuleContext(provenance: provenance)
    return exposure(spec, check) + listeners(spec, check) + folders(spec, check)
      + senders(spec, check) + ToolRules.issues(spec, check) + ChannelRules.issues(spec, check)
      + ProviderRules.issues(spec, check) + cadence(spec, check) + backup(spec.backup, check)
      + escalation(spec, check) + retention(spec, check)
      + SkillRules.issues(spec, files: skills, check)
      + SuppressionRules.issues(spec.security.suppressions, check)
  }

  /// Runbook 1.3: remote access always has a token.
  private static func exposure(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    guard !spec.gateway.host.isLoopback, spec.gateway.auth.token == nil else { return [] }
    return [
      check.error(
        "gateway.host", "exposed-without-token",
        "\"\(spec.gateway.host.text)\" is reachable from other hosts, but gateway.auth.token is "
          + "not set",
        hint: "set gateway.auth.token, or listen on 127.0.0.1")
    ]
  }

  /// Platforms repeat for seven days what they think was not taken: until then its key has to be known.
  private static func retention(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    guard let retention = spec.logs.retention, !(8...3_650).contains(retention.seconds / 86_400)
    else { return [] }
    return [
      check.error(
        "logs.retention", "range", "what is over is kept from 8 days to ten years",
        hint: "as in 30d")
    ]
  }

  /// An alert that goes nowhere is worse than none: somebody counts on it.
  private static func escalation(
    _ spec: ApplianceSpec, _ check: RuleContext
  ) -> [ValidationIssue] {
    spec.appliance.escalation.enumerated().flatMap { index, step -> [ValidationIssue] in
      let path = "appliance.escalation[\(index)]"
      var issues: [ValidationIssue] = []
      if step.webhook == nil, step.channel == nil {
        issues.append(
          check.error(
            path, "escalation-target", "this step tells nobody",
            hint: "name a webhook, or a channel and its conversation"))
      }
      if let webhook = step.webhook, !PlainAddress.isSafe(webhook.url) {
        issues.append(
          check.error(
            "\(path).webhook.url", "escalation-address",
            "alerts go there only by https, or by http within this machine",
            hint: "as in https://alerts.example.org/kafclaw"))
      }
      if let webhook = step.webhook, webhook.secret == nil {
        issues.append(
          check.error(
            "\(path).webhook", "escalation-secret", "nothing signs what is sent there",
            hint: "set \(path).webhook.secret"))
      }
      if let channel = step.channel, spec.channels[channel.name]?.type.hasAccount != true {
        issues.append(
          check.error(
            "\(path).channel.name", "escalation-channel",
            "there is no channel \(Quoted(channel.name)) with an account",
            hint: "declare it under channels"))
      }
      return issues
    }
  }

  private static func listeners(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    guard spec.gateway.port == spec.gateway.dashboardPort else { return [] }
    return [
      check.error(
        "gateway.dashboardPort", "port-conflict",
        "port \(spec.gateway.port.value) is already gateway.port", hint: "choose another port")
    ]
  }

  /// Runbook 1.4: the agent's folders are apart from sensitive host paths.
  private static func folders(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    let fields = [
      ("agent.workspace", spec.agent.workspace, "workspace"),
      ("agent.workRepo", spec.agent.workRepo, "work-repo"),
    ]
    let problems = fields.compactMap { path, folder, standard in
      FolderIsolation.problem(with: folder, standard: standard).map { problem in
        check.error(path, "folder-isolation", problem, hint: "choose a folder of its own")
      }
    }
    guard problems.isEmpty else { return problems }
    return FolderIsolation.overlap(spec.agent.workspace, spec.agent.workRepo)
      ? [
        check.error(
          "agent.workRepo", "folder-isolation", "workspace and work repo must be apart",
          hint: "choose a folder of its own")
      ] : []
  }

  private static func senders(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    var issues = duplicates(spec.senders.owners, "senders.owners", check)
    issues += duplicates(spec.senders.internal, "senders.internal", check)
    let owners = Set(spec.senders.owners)
    for (index, sender) in spec.senders.internal.enumerated() where owners.contains(sender) {
      issues.append(
        check.error(
          "senders.internal[\(index)]", "sender-tier",
          "\(Quoted(sender.text)) is already in senders.owners",
          hint: "list a sender in one tier"))
    }
    issues += duplicates(spec.senders.deny, "senders.deny", check)
    for (name, channel) in spec.channels {
      issues += duplicates(channel.allow, "channels.\(name).allow", check)
      issues += duplicates(channel.deny, "channels.\(name).deny", check)
    }
    return issues
  }

  /// Whatever folder a command is run in, the repository is the same.
  private static func backup(_ backup: BackupSpec?, _ check: RuleContext) -> [ValidationIssue] {
    guard let backup, !backup.repository.isEmpty else { return [] }
    let isRemote = backup.repository.hasPrefix("s3://")
    guard isRemote || backup.repository.hasPrefix("/") else {
      return [
        check.error(
          "backup.repository", "backup-repository",
          "\(Quoted(backup.repository)) is neither an absolute path nor an address",
          hint: "write /srv/backups/claw, or s3://BUCKET/PREFIX")
      ]
    }
    let hasKeys = backup.accessKey != nil && backup.secretKey != nil
    let hasSome = backup.accessKey != nil || backup.secretKey != nil
    guard isRemote ? !hasKeys : hasSome else { return [] }
    return [
      check.error(
        isRemote
          ? "backup.repository" : backup.accessKey != nil ? "backup.accessKey" : "backup.secretKey",
        "backup-keys",
        isRemote
          ? "an S3 repository needs backup.accessKey and backup.secretKey"
          : "a folder is opened without keys",
        hint: isRemote ? "as in accessKey: env:AWS_ACCESS_KEY_ID" : "remove it")
    ]
  }

  private static func duplicates(
    _ senders: [SenderID], _ path: String, _ check: RuleContext
  ) -> [ValidationIssue] {
    var seen: Set<SenderID> = []
    var issues: [ValidationIssue] = []
    for (index, sender) in senders.enumerated() {
      // Ids are checked by the hundred thousand, so the place is put into words only for an issue.
      var place: String { "\(path)[\(index)]" }
      if sender.text.utf8.contains(UInt8(ascii: "*")) {
        issues.append(
          check.error(
            place, "sender-wildcard", "\(Quoted(sender.text)) is a wildcard, not a sender id",
            hint: "set dmPolicy: open to admit everybody"))
      } else if !seen.insert(sender).inserted {
        issues.append(
          check.error(place, "sender-duplicate", "\(Quoted(sender.text)) is listed twice"))
      }
    }
    return issues
  }

  private static func cadence(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    var issues: [ValidationIssue] = []
    if spec.reconcile.interval.seconds < 1 {
      issues.append(check.error("reconcile.interval", "range", "the interval is at least 1s"))
    }
    let health = spec.reconcile.health
    if health.passes.value < 1 {
      issues.append(check.error("reconcile.health.passes", "range", "at least one check is needed"))
    }
    if health.timeout.seconds <= health.window.seconds {
      issues.append(
        check.error(
          "reconcile.health.timeout", "range", "the timeout must be longer than the window",
          hint: "the window is \(health.window.seconds) s"))
    }
    return issues
  }
}

/// Places findings at the origin of the field they speak of.
struct RuleContext {
  let provenance: [String: Origin]

  func error(_ path: String, _ rule: String, _ message: String, hint: String? = nil)
    -> ValidationIssue
  {
    ValidationIssue(
      origin: provenance[path] ?? .builtIn, path: path, rule: rule, message: message, hint: hint)
  }
}
