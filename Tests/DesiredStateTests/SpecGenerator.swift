// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import FoundationEssentials
import TestSupport

/// Makes random values of every field; each fits its type, not always the rules over fields.
struct SpecGenerator {
  private var random: SplitMix64

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
  }

  mutating func spec() -> ApplianceSpec {
    var spec = ApplianceSpec()
    spec.appliance.name = text()
    spec.appliance.incidentOwner = maybe(text())
    spec.appliance.escalation = list { $0.escalation() }
    spec.gateway = gateway()
    spec.agent = agent()
    spec.providers = Self.names("provider", list { $0.provider() })
    spec.channels = Self.names("channel", list { $0.channel() })
    spec.senders.owners = list { $0.sender() }
    spec.senders.internal = list { $0.sender() }
    spec.senders.deny = list { $0.sender() }
    spec.senders.limits.messagesPerMinute = count()
    spec.senders.limits.burst = count()
    spec.senders.limits.queued = count()
    spec.senders.limits.dailyTokens = maybe(count())
    spec.tools = tools()
    spec.skills = skills()
    spec.backup = maybe(backup())
    spec.logs.retention = maybe(SpecDuration(seconds: Int64(number(8...90)) * 86_400))
    spec.monitoring = monitoring()
    spec.reconcile = reconcile()
    spec.guardrails = list { $0.text() }
    spec.security.suppressions = list { $0.suppression() }
    return spec
  }
}

extension SpecGenerator {
  private mutating func escalation() -> EscalationSpec {
    var escalation = EscalationSpec()
    var webhook = WebhookTargetSpec()
    webhook.url = "https://alerts-\(number(1...99)).example"
    webhook.secret = secret()
    escalation.webhook = webhook
    return escalation
  }

  private mutating func suppression() -> SuppressionSpec {
    var suppression = SuppressionSpec()
    suppression.check = text()
    suppression.reason = text()
    suppression.owner = text()
    suppression.expires = time()
    return suppression
  }

  private mutating func gateway() -> GatewaySpec {
    var gateway = GatewaySpec()
    gateway.host = ListenAddress(pick(["127.0.0.1", "0.0.0.0", "localhost", "::", "fe80::1"]))
    gateway.port = Port(number(1...65_535))
    gateway.dashboardPort = Port(number(1...65_535))
    gateway.auth.token = maybe(secret())
    gateway.auth.rotateAfter = maybe(duration())
    return gateway
  }

  private mutating func agent() -> AgentSpec {
    var agent = AgentSpec()
    agent.workspace = text()
    agent.workRepo = text()
    agent.provider = text()
    agent.model = maybe(text())
    agent.maxToolIterations = count()
    agent.dailyTokenLimit = maybe(count())
    agent.fallbacks = list { $0.text() }
    return agent
  }

  private mutating func provider() -> ProviderSpec {
    var provider = ProviderSpec()
    provider.type = maybe(pick(ProviderType.allCases))
    provider.baseURL = maybe(text())
    provider.apiKey = maybe(secret())
    provider.model = maybe(text())
    provider.answerTokens = count()
    provider.timeout = duration()
    return provider
  }

  private mutating func channel() -> ChannelSpec {
    var channel = ChannelSpec()
    channel.type = pick(ChannelType.allCases)
    channel.sessionScope = pick(SessionScope.allCases)
    channel.dmPolicy = pick(AdmissionPolicy.allCases)
    channel.groupPolicy = pick(AdmissionPolicy.allCases)
    channel.requireMention = flag()
    channel.allow = list { $0.sender() }
    channel.deny = list { $0.sender() }
    channel.tools.profile = maybe(pick(ToolProfile.allCases))
    channel.tools.deny = list { $0.text() }
    channel.tools.allow = maybe(list { $0.text() })
    channel.tools.ceiling = maybe(pick(ToolTier.allCases))
    channel.dailyTokenLimit = maybe(count())
    addAccount(to: &channel)
    channel.pairing =
      flag() && channel.type.hasAccount && channel.type != .teams && channel.dmPolicy == .allowlist
      && (channel.type != .webhook || channel.replyURL != nil)
    if channel.type == .slack, flag() {
      var approvals = ChannelApprovalsSpec()
      (approvals.conversation, approvals.approvers) = ("C024BE7LH", [sender()])
      channel.approvals = approvals
    }
    channel.stage = maybe(Stage(number(1...9)))
    return channel
  }

  private mutating func tools() -> ToolsSpec {
    var tools = ToolsSpec()
    tools.profile = pick(ToolProfile.allCases)
    tools.deny = list { $0.text() }
    tools.allow = maybe(list { $0.text() })
    tools.tiers.external = pick(ToolTier.allCases)
    tools.tiers.internal = pick(ToolTier.allCases)
    tools.tiers.owner = pick(ToolTier.allCases)
    tools.tiers.unknown = pick(ToolTier.allCases)
    tools.stages.read = Stage(number(1...9))
    tools.stages.write = Stage(number(1...9))
    tools.stages.highRisk = Stage(number(1...9))
    tools.ceiling = maybe(pick(ToolTier.allCases))
    tools.groups = Self.names("group", list { $0.list { $0.text() } })
    tools.rules = Self.names("rule", list { $0.rule() })
    tools.taint.files = pick(ToolTier.allCases)
    tools.taint.web = pick(ToolTier.allCases)
    tools.taint.bots = pick(ToolTier.allCases)
    tools.taint.senders = pick(ToolTier.allCases)
    tools.approvals.require = list { $0.text() }
    tools.approvals.exempt = list { $0.pick(SenderTier.allCases) }
    tools.approvals.lifetime = duration()
    tools.exec.restrictWorkspace = flag()
    tools.exec.profiles = Self.names("program", list { $0.program() })
    tools.web.hosts = list { $0.text() }
    tools.web.maxKiB = count()
    tools.web.timeout = duration()
    return tools
  }

  /// What a channel of its type needs; each account is another one.
  private mutating func addAccount(to channel: inout ChannelSpec) {
    guard channel.type.hasAccount, channel.type != .teams else { return }
    let number = String(Int.random(in: 1...1_000_000_000, using: &random))
    let server = "https://server-\(number).example"
    switch channel.type {
    case .slack: (channel.account, channel.tenant) = ("A\(number)", "T\(number)")
    case .whatsapp: (channel.account, channel.tenant) = (number, number)
    case .matrix: channel.account = "@bot\(number):server.example"
    case .webhook: channel.replyURL = maybe(server)
    default: break
    }
    if channel.type != .webhook {
      channel.botToken = .tomb("bot-\(number)")
      channel.baseURL = channel.type == .matrix ? server : maybe(server)
    }
    if ![.telegram, .matrix].contains(channel.type) { channel.signingSecret = secret() }
    if channel.type == .whatsapp { channel.verifyToken = secret() }
  }

  private mutating func rule() -> ToolRuleSpec {
    var rule = ToolRuleSpec()
    rule.channels = list { $0.text() }
    rule.senders = list { $0.sender() }
    rule.tiers = list { $0.pick(SenderTier.allCases) }
    rule.profile = maybe(pick(ToolProfile.allCases))
    rule.deny = list { $0.text() }
    rule.allow = maybe(list { $0.text() })
    rule.ceiling = maybe(pick(ToolTier.allCases))
    return rule
  }

  private mutating func program() -> ExecProfileSpec {
    var program = ExecProfileSpec()
    program.binary = text()
    program.subcommands = maybe(list { $0.text() })
    program.environment = list { $0.text() }
    program.network = flag()
    program.writable = flag()
    program.timeout = duration()
    program.memoryMiB = count()
    program.processes = count()
    program.outputKiB = count()
    return program
  }

  private mutating func skills() -> SkillsSpec {
    var skills = SkillsSpec()
    skills.scope = pick(SkillScope.allCases)
    skills.enabled = list { $0.text() }
    skills.runtimeIsolation = pick(RuntimeIsolation.allCases)
    skills.sandbox = maybe(pick(SandboxName.allCases))
    skills.sources = list { $0.text() }
    skills.limits.network = flag()
    skills.limits.processes = count()
    return skills
  }

  private mutating func backup() -> BackupSpec {
    var backup = BackupSpec()
    let schedules = ["0 3 * * *", "*/5 1-4 1,15 jan-mar mon", "@daily"].compactMap(
      CronSchedule.init)
    backup.schedule = schedules.randomElement(using: &random)
    backup.timeZone = pick(["UTC", "Europe/Berlin"].compactMap(ZoneName.init))
    backup.jitter = duration()
    backup.repository = "/" + text()
    if Bool.random(using: &random) {
      backup.repository = "s3://claw-backups/claw"
      backup.accessKey = secret()
      backup.secretKey = secret()
    }
    backup.appendOnly = Bool.random(using: &random)
    backup.retention.last = count()
    backup.retention.daily = count()
    backup.retention.weekly = count()
    backup.retention.monthly = count()
    backup.verify.schedule = maybe(pick(schedules))
    backup.verify.level = pick(BackupLevel.allCases)
    backup.verify.maxAge = duration()
    return backup
  }

  private mutating func monitoring() -> MonitoringSpec {
    var monitoring = MonitoringSpec()
    monitoring.unknownSenders = count()
    monitoring.authFailures = count()
    monitoring.highRiskAttempts = count()
    monitoring.tokenSpikePercent = count()
    return monitoring
  }

  private mutating func reconcile() -> ReconcileSpec {
    var reconcile = ReconcileSpec()
    reconcile.interval = duration()
    reconcile.maxStaleness = maybe(duration())
    reconcile.health.timeout = duration()
    reconcile.drift.default = pick(DriftPolicy.allCases)
    reconcile.drift.component = maybe(pick(DriftPolicy.allCases))
    reconcile.drift.configuration = maybe(pick(DriftPolicy.allCases))
    reconcile.drift.modes = maybe(pick(DriftPolicy.allCases))
    reconcile.drift.senders = maybe(pick(DriftPolicy.allCases))
    reconcile.drift.workspace = maybe(pick(DriftPolicy.allCases))
    reconcile.windows = list { $0.text() }
    return reconcile
  }
}

extension SpecGenerator {
  /// Words that YAML or a careless writer would read as something else.
  private mutating func text() -> String {
    pick([
      "probe", "42", "-0", "true", "null", "~", "yes", " padded ", "a: b # c", "\"quoted\"",
      "[list]", "*", "zoë", "日本語", "\\", "/srv/claw",
    ])
  }

  private mutating func sender() -> SenderID {
    SenderID(pick(["U024BE7LH", "123456789", "~", "null", "{a}", "!x", "alice@example.org"]))
  }

  private mutating func secret() -> SecretReference {
    pick([.environment("A_TOKEN"), .tomb("slack-bot"), .tomb("env/A_TOKEN"), .file("models.key")])
  }

  private mutating func duration() -> SpecDuration {
    SpecDuration(seconds: pick([0, 1, 59, 60, 90, 3_600, 86_399, 86_400, 315_360_000]))
  }

  /// A whole second from 1970 to 9999.
  private mutating func time() -> SpecTimestamp {
    let seconds: TimeInterval = pick([0, 1, 951_782_399, 1_798_761_600, 253_402_300_799])
    return SpecTimestamp(Date(timeIntervalSince1970: seconds))
  }

  private mutating func count() -> Count {
    Count(number(0...1_000_000_000))
  }

  private mutating func flag() -> Bool {
    Bool.random(using: &random)
  }

  private mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &random)
  }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: values.indices, using: &random)]
  }

  private mutating func maybe<Value>(_ value: Value) -> Value? {
    flag() ? value : nil
  }

  private mutating func list<Value>(_ make: (inout SpecGenerator) -> Value) -> [Value] {
    var values: [Value] = []
    for _ in 0..<number(0...3) { values.append(make(&self)) }
    return values
  }

  private static func names<Value>(_ kind: String, _ values: [Value]) -> [String: Value] {
    Dictionary(
      uniqueKeysWithValues: values.enumerated().map { ("\(kind)-\($0.offset)", $0.element) })
  }
}
