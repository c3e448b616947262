// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Daemon
import DurableIO
import Foundation
import Reconciliation

extension IncidentCommand {
  /// `kafclaw incident report`.
  struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "report",
      abstract: "What happened: orders, denials, failures, from the audit log.",
      discussion: "Times are UTC. Needs no running appliance.")

    @Option(help: "From when on: a UTC time, or a duration such as 24h.")
    var since = "24h"

    @OptionGroup var options: GlobalOptions

    /// Records of one report; those of a longer time are in the audit log.
    private static let limit = 100_000

    private struct Page: Encodable {
      let formatVersion = 1
      let state: IncidentState
      let since: Date
      /// Whether there are more records of that time, older than these.
      let isCut: Bool
      let counts: [String: Int]
      let entries: [AuditArchive.Entry]
    }

    func run() async throws {
      let paths = try options.paths
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let start = try Self.start(since)
      let state = IncidentFile(paths).read()
      let found = try AuditArchive(HostAudit(paths).files).newest(Self.limit + 1) {
        $0.at >= start
      }
      let page = Page(
        state: state, since: start, isCut: found.count > Self.limit, counts: Self.counts(found),
        entries: Array(found.suffix(Self.limit)))
      if options.format == .json { return try Output.json(page) }
      try show(page)
    }

    private func show(_ page: Page) throws {
      Output.line("# Incident report, \(Date().formatted(.iso8601))")
      try IncidentText.render(page.state, .human)
      Output.line("")
      Output.line("## Recorded since \(page.since.formatted(.iso8601))")
      if page.isCut { Output.line("Only the newest \(Self.limit) records are shown.") }
      for (what, count) in page.counts.sorted(by: { $0.key < $1.key }) {
        Output.line("- \(what): \(count)")
      }
      Output.line("")
      Output.line("## Orders, and what was denied or failed")
      for entry in page.entries where Self.isTelling(entry.event) {
        Output.line("- \(AuditText.line(entry))")
      }
    }

    private static func counts(_ entries: [AuditArchive.Entry]) -> [String: Int] {
      entries.reduce(into: [:]) { counts, entry in
        counts["\(entry.event.kind.rawValue) \(entry.event.outcome.rawValue)", default: 0] += 1
      }
    }

    /// An order of an incident, a change of a token, also one whose end nobody recorded, or what was
    /// denied or failed.
    private static func isTelling(_ event: AuditEvent) -> Bool {
      [.denied, .failed].contains(event.outcome)
        || ["incident.order", "token.change"].contains(event.kind.rawValue)
    }

    /// A time that was, or a duration before now.
    private static func start(_ text: String) throws -> Date {
      // `try?`: what is no time may be a duration, which says itself what is wrong with it.
      if let date = try? Date(text, strategy: .iso8601) { return date }
      let duration = try HoldTime.duration(text)
      return Date(timeIntervalSinceNow: -Double(duration.components.seconds))
    }
  }
}
