// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import Timeline

extension DashboardPages {
  /// What is wrong comes first.
  func overview() async throws -> [DashboardSection] {
    let status = await actions.status()
    return [try await problems(status), parts(status), state(status)]
  }

  private func problems(_ status: ApplianceStatus) async throws -> DashboardSection {
    let waiting = try await actions.desk.list(.pending).count
    var section = DashboardSection(
      "What needs somebody", columns: ["What", "Since (UTC)", "Why"])
    section.rows =
      status.conditions.filter { $0.type == .ready ? !$0.status : $0.status }.map {
        DashboardRow(
          [
            $0.type == .ready ? "Not ready" : $0.type.rawValue, Self.time($0.lastTransition),
            "\($0.reason.rawValue): \($0.message)",
          ], .bad)
      }
    let alerts = try await actions.store.alerts([.open, .acknowledged])
    section.rows += alerts.prefix(Self.rowLimit).map { alert in
      let subject = alert.subject.isEmpty ? "" : " (\(alert.subject))"
      let isOpen = alert.state == .open
      return DashboardRow(
        [
          "Alert \(alert.id): \(alert.signal.rawValue)\(subject)", Self.time(alert.openedAt),
          alert.message + (alert.acknowledgedBy.map { "\nacknowledged by \($0)" } ?? ""),
        ], isOpen ? .bad : .warning,
        forms: isOpen && isOperating
          ? [DashboardForm(.acknowledge, "I know", subject: String(alert.id))] : [])
    }
    if waiting > 0 {
      section.rows.append(
        DashboardRow(["\(waiting) calls wait for an approval", "", "see Approvals"], .warning))
    }
    section.rows += sick(status) + upkeep(status)
    if section.rows.isEmpty {
      section.columns = []
      section.note = "Nothing. Checked at \(Self.time(status.checkedAt))."
    }
    return section
  }

  private func upkeep(_ status: ApplianceStatus) -> [DashboardRow] {
    let dead = (status.deadLetters ?? []).map {
      DashboardRow(
        [
          "Dead letters of \($0.channel)", "",
          "\($0.count) texts; see kafclaw channels dead-letters list",
        ],
        .warning)
    }
    let backups = (status.backup?.problems ?? []).map {
      DashboardRow(["Backups", "", $0], .warning)
    }
    let audit = status.audit?.problem.map { [DashboardRow(["Audit log", "", $0], .bad)] } ?? []
    return audit + backups + dead
  }

  private func sick(_ status: ApplianceStatus) -> [DashboardRow] {
    let components = status.components.filter { $0.health != .healthy }.map {
      DashboardRow(
        ["Component \($0.name)", "", "\($0.health.rawValue): \($0.message ?? "")"], .bad)
    }
    let channels = status.channels.filter { $0.health != .healthy }.map {
      DashboardRow(
        ["Channel \($0.name)", "", "\($0.health.rawValue): \($0.message ?? "")"],
        $0.health == .unhealthy ? .bad : .warning)
    }
    return components + channels
  }

  private func parts(_ status: ApplianceStatus) -> DashboardSection {
    DashboardSection(
      "Components and channels", columns: ["Name", "Health", "Message"],
      rows: status.components.map {
        DashboardRow(
          [
            $0.name, $0.health.rawValue,
            $0.message ?? "pid \($0.pid.map(String.init) ?? "-"), \($0.restarts) restarts",
          ], Self.tone($0.health))
      }
        + status.channels.map {
          DashboardRow([$0.name, $0.health.rawValue, $0.message ?? ""], Self.tone($0.health))
        })
  }

  private static func tone(_ health: ApplianceStatus.Component.Health) -> DashboardTone {
    switch health {
    case .healthy: .good
    case .starting: .warning
    case .unhealthy, .stopped: .bad
    }
  }

  private func state(_ status: ApplianceStatus) -> DashboardSection {
    let revisions = status.revisions
    let rows: [(String, String?)] = [
      ("Appliance", status.appliance.name), ("Incident owner", status.appliance.incidentOwner),
      ("Newest commit", revisions.source), ("Applied", revisions.applied),
      ("Last good", revisions.confirmed), ("Waiting", status.reconcile.waiting),
      ("Quarantined", status.reconcile.quarantined.map(\.short).joined(separator: " ")),
      ("Drift corrected", String(status.drift.corrected)),
      ("Drift reported", status.drift.reported.joined(separator: "\n")),
      ("Clients", status.tokens?.clients.joined(separator: ", ")),
    ]
    return DashboardSection(
      "State", columns: ["", ""],
      rows: rows.compactMap { name, value in
        guard let value, !value.isEmpty else { return nil }
        return DashboardRow([name, value])
      })
  }

  /// One message with each decision that was made about it.
  func trace(_ id: String?) async throws -> [DashboardSection] {
    guard let id, !id.isEmpty else {
      return [
        DashboardSection(
          "Which message?", note: "Decisions, approvals and audit records lead here.")
      ]
    }
    let entries = try AuditArchive(actions.audit.files).newest(500) { $0.trace == id }
    let skills = try AuditArchive(HostAudit.skillFiles(actions.paths)).newest(200) {
      $0.trace == id
    }
    let approvals = try await actions.desk.list(nil).filter { $0.message.rawValue == id }
    let decisions = try await decisions(id)
    guard !entries.isEmpty || !approvals.isEmpty || !decisions.rows.isEmpty else {
      return [
        DashboardSection("Message \(id)", note: "Nothing is known of a message of this name.")
      ]
    }
    return [
      decisions,
      DashboardSection(
        "Approvals", note: approvals.isEmpty ? "None was needed." : nil,
        columns: ["Tool", "State", "By", "Until (UTC)"],
        rows: approvals.map {
          DashboardRow(
            [$0.tool, $0.state.rawValue, $0.decidedBy ?? "", Self.time($0.expiresAt)])
        }),
      DashboardSection(
        "Records", columns: Self.auditColumns, rows: Self.rows(entries).map(Self.untraced)),
      DashboardSection(
        "Skills", columns: Self.auditColumns, rows: Self.rows(skills).map(Self.untraced)),
    ].filter { !$0.rows.isEmpty || $0.note != nil }
  }

  private static func untraced(_ row: DashboardRow) -> DashboardRow {
    DashboardRow(row.cells, row.tone)
  }

  func incident() async throws -> [DashboardSection] {
    let report = try await actions.incident()
    let held = report.state.containment
    var now = DashboardSection(
      "Containment", note: held.map { "Contained: \($0.words)" } ?? "Nothing is contained.")
    if isOperating {
      now.forms = [
        DashboardForm(
          .contain, held == nil ? "Contain" : "Take more away",
          inputs: [
            .init("level", "Level", choices: Containment.Level.allCases.map(\.rawValue).reversed()),
            .init("reason", "Reason"),
          ], tone: .bad)
      ]
      if held != nil, session.isOperator {
        now.forms += [
          DashboardForm(
            .restore, "Restore up to a stage",
            inputs: [
              .init("stage", "Stage", choices: (1...9).map(String.init)), .init("reason", "Reason"),
            ]),
          DashboardForm(.lift, "Lift all of it", inputs: [.init("reason", "Reason")], tone: .good),
        ]
      }
    }
    let texts = (report.held?.deliveries ?? [:]).sorted { $0.key < $1.key }
    let waits = DashboardSection(
      "What waits", note: report.held == nil ? "The timeline cannot be read." : nil,
      columns: ["What", "Number"],
      rows: texts.map { DashboardRow(["texts to \($0.key)", String($0.value)]) } + [
        DashboardRow(["messages", String(report.held?.messages ?? 0)]),
        DashboardRow(["approvals", String(report.held?.approvals ?? 0)]),
      ])
    let records = try AuditArchive(actions.audit.files).newest(100) {
      $0.kind.rawValue.hasPrefix("incident.")
    }
    return [
      now, waits,
      DashboardSection(
        "Orders", note: "The gateway's token is rotated by kafclaw incident contain alone.",
        columns: Self.auditColumns, rows: Self.rows(records.reversed())),
    ]
  }
}
