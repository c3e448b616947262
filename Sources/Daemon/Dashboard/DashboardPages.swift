// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import Backup
import ControlAPI
import DesiredState
import FoundationEssentials
import Planning
import Reconciliation
import Timeline

/// What the pages of the dashboard say, as text: how it looks is the gateway's business.
struct DashboardPages: Sendable {
  /// Rows of one table.
  static let rowLimit = 200

  let actions: ControlActions
  let session: DashboardSessions.Session
  let now: Date

  static func title(_ name: DashboardPageName) -> String {
    switch name {
    case .overview: "Overview"
    case .changes: "Plan and history"
    case .senders: "Senders and pairings"
    case .approvals: "Approvals"
    case .trace: "Trace of a message"
    case .backups: "Backups and drills"
    case .audit: "Audit"
    case .incident: "Incident"
    }
  }

  func sections(_ address: DashboardAddress) async throws -> [DashboardSection] {
    switch address.name {
    case .overview: try await overview()
    case .changes: try await changes()
    case .senders: try await senders()
    case .approvals: try await approvals()
    case .trace: try await trace(address.subject)
    case .backups: try backups()
    case .audit: try audit()
    case .incident: try await incident()
    }
  }

  /// Whether the page offers to do something.
  var isOperating: Bool { session.may(.operate) }

  static func time(_ date: Date) -> String { date.formatted(.iso8601) }

  private func changes() async throws -> [DashboardSection] {
    let outcome = await actions.plans.newest(now) { await actions.reconciler.plan(nil) }
    var plan = DashboardSection("Plan: what a pass would do now", note: outcome.kind.rawValue)
    plan.text = outcome.plan.map { PlanText.render($0) } ?? outcome.error?.message
    plan.columns = outcome.issues.isEmpty ? [] : ["Place", "Problem"]
    plan.rows = outcome.issues.prefix(Self.rowLimit).map { issue in
      DashboardRow(
        ["\(issue.file):\(issue.line)", issue.message], issue.severity == .error ? .bad : .warning)
    }
    if isOperating { plan.forms = [DashboardForm(.reconcile, "Run a pass now")] }
    let entries = try actions.historyLog.newest(50)
    let history = DashboardSection(
      "History", columns: ["Time (UTC)", "Outcome", "Commit", "Trigger", "Changes"],
      rows: entries.map { entry in
        let items = entry.items.prefix(20).map {
          "\($0.action.rawValue) \($0.address.text) (\($0.reason.rawValue))"
        }
        return DashboardRow(
          [
            Self.time(entry.at), entry.outcome.rawValue, String((entry.commit ?? "").prefix(12)),
            entry.trigger.rawValue, items.isEmpty ? entry.summary : items.joined(separator: "\n"),
          ], Self.tone(entry.outcome))
      })
    return [plan, history]
  }

  private static func tone(_ outcome: PassOutcome.Kind) -> DashboardTone {
    switch outcome {
    case .applied, .noChange: .plain
    case .held, .superseded, .planStale: .warning
    case .denied, .invalid, .sourceFailed, .rejected, .failed, .rolledBack, .rollbackFailed: .bad
    }
  }

  private func approvals() async throws -> [DashboardSection] {
    let pending = try await actions.desk.list(.pending)
    let waiting = pending.prefix(Self.rowLimit).map { approval -> DashboardSection in
      let requester = approval.requester
      var section = DashboardSection(
        "\(approval.tool) for \(requester.channel)/\(requester.sender ?? requester.client)",
        note: "until \(Self.time(approval.expiresAt)); "
          + "\(approval.decision.rule): \(approval.decision.reason.rawValue)",
        columns: ["What", "Value"],
        rows: approval.details.map { DashboardRow([$0.name, $0.text]) })
      section.rows.append(
        DashboardRow(["message", approval.message.rawValue], trace: approval.message.rawValue))
      let deny = DashboardForm(
        .deny, "Deny", subject: approval.id.rawValue,
        inputs: [.init("note", "Why", isRequired: false)], tone: .bad)
      let approve = DashboardForm(
        .approve, "Approve this call, once", subject: approval.id.rawValue, tone: .good)
      section.forms = approval.isCut ? [deny] : [approve, deny]
      return section
    }
    let decided = try await actions.desk.list(nil).filter { $0.state != .pending }
    let past = DashboardSection(
      "Decided", note: decided.isEmpty ? "Nothing yet." : nil,
      columns: ["Time (UTC)", "State", "Tool", "By", "Note"],
      rows: decided.suffix(50).reversed().map {
        DashboardRow(
          [
            Self.time($0.decidedAt ?? $0.expiresAt), $0.state.rawValue, $0.tool,
            $0.decidedBy ?? "", $0.note ?? "",
          ], trace: $0.message.rawValue)
      })
    let none = DashboardSection("Waiting", note: "No call waits for an approval.")
    return (waiting.isEmpty ? [none] : Array(waiting)) + [past]
  }

  private func senders() async throws -> [DashboardSection] {
    let pairings = try await actions.pairings(PairingRequest(), as: session.actor).pairings
    var asked = DashboardSection(
      "Who asked to be admitted",
      note: pairings.isEmpty
        ? "Nobody." : "Approve with the code that the sender tells you another way.",
      columns: ["Channel", "Sender", "State", "Until (UTC)"])
    asked.rows = pairings.prefix(Self.rowLimit).map { pairing in
      DashboardRow(
        [pairing.channel, pairing.sender, pairing.state.rawValue, Self.time(pairing.until)],
        pairing.state == .pending ? .warning : .plain,
        forms: [
          DashboardForm(
            .refuse, pairing.state == .approved ? "End" : "Refuse", subject: String(pairing.id),
            tone: .bad)
        ])
    }
    asked.forms = [
      DashboardForm(
        .admit, "Admit for 7 days", inputs: [.init("code", "Code of the sender")], tone: .good)
    ]
    let rules = try await actions.store.accessRules()
    let lists = DashboardSection(
      "Who may write", columns: DashboardAccess.columns,
      rows: rules.channels.sorted { $0.key < $1.key }.map { name, channel in
        DashboardRow(DashboardAccess.cells(name, channel))
      })
    return [asked, lists, try await decisions(nil)]
  }

  /// The latest decisions, of one message or of all.
  func decisions(_ message: String?) async throws -> DashboardSection {
    let records = try await actions.store.decisions(limit: message == nil ? 50 : 10_000).filter {
      message == nil || $0.message?.rawValue == message
    }
    return DashboardSection(
      "Decisions", columns: ["Time (UTC)", "Who", "What", "Verdict", "Rule", "Reason"],
      rows: records.prefix(Self.rowLimit).map { record in
        let who = record.principal
        return DashboardRow(
          [
            Self.time(record.at), "\(who.channel)/\(who.sender ?? who.client)",
            record.tool ?? record.kind.rawValue, record.verdict.rawValue, record.rule,
            record.reason,
          ],
          record.verdict == .permitted ? .plain : (record.verdict == .denied ? .bad : .warning),
          trace: message == nil ? record.message?.rawValue : nil)
      })
  }

  private func backups() throws -> [DashboardSection] {
    let record = try BackupRecordFile(actions.paths).read()
    return [
      DashboardSection(
        "Runs", note: record.runs.isEmpty ? "Nothing ran yet." : nil,
        columns: ["Time (UTC)", "What", "Outcome", "Repository", "Snapshot", "Words"],
        rows: record.runs.sorted { $0.at > $1.at }.prefix(Self.rowLimit).map { run in
          DashboardRow(
            [
              Self.time(run.at), run.deed.rawValue + (run.level.map { " \($0)" } ?? ""),
              run.outcome.rawValue, run.address, run.snapshot.map(String.init) ?? "", run.words,
            ],
            run.outcome == .failed || !run.broken.isEmpty
              ? .bad : (run.outcome == .skipped ? .warning : .good))
        })
    ]
  }

  private func audit() throws -> [DashboardSection] {
    [
      DashboardSection(
        "Newest records", note: "kafclaw audit verify checks every line.",
        columns: Self.auditColumns,
        rows: try Self.rows(AuditArchive(actions.audit.files).newest(100).reversed())),
      DashboardSection(
        "Skills", columns: Self.auditColumns,
        rows: try Self.rows(
          AuditArchive(HostAudit.skillFiles(actions.paths)).newest(30).reversed())),
    ]
  }

  static let auditColumns = ["Line", "Time (UTC)", "What", "Outcome", "By", "On", "Details"]

  static func rows(_ entries: some Sequence<AuditArchive.Entry>) -> [DashboardRow] {
    entries.map { entry in
      let event = entry.event
      let details = event.details.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
      let rule = event.rule.map { ["rule: \($0)"] } ?? []
      return DashboardRow(
        [
          String(entry.sequence), time(event.at), event.kind.rawValue, event.outcome.rawValue,
          event.actor, event.subject, (rule + details).joined(separator: "\n"),
        ], event.outcome == .denied || event.outcome == .failed ? .bad : .plain,
        trace: event.trace)
    }
  }
}
