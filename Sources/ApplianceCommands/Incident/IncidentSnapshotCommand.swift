// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Backup
import Daemon
import DurableIO
import Foundation
import Glibc
import Reconciliation
import SodiumCrypto

extension IncidentCommand {
  /// `kafclaw incident snapshot`.
  struct Snapshot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "snapshot", abstract: "Keep timeline, audit log and state as evidence.",
      discussion: """
        Makes FOLDER: a backup repository of its own with one snapshot, sealed to the tomb's recovery \
        keys and read back, and custody.json: who made it, when, why, and the hash of every file, \
        signed. `--check` looks at one, offline.
        """)

    @Argument(help: "Folder to make.")
    var folder: String

    @Option(help: "Why; recorded, and in the custody record.")
    var reason: String?

    @Flag(help: "Check a folder that was made before.")
    var check = false

    @Option(help: "With --check: who must have signed it, as the snapshot printed.")
    var signer: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      if check { return try verify() }
      guard let reason else { throw ValidationError("--reason is missing") }
      let paths = try BackupHost.paths(options)
      try HostBackup.requireApart(folder, paths)
      guard access(folder, F_OK) != 0 else {
        throw ApplianceError(
          .malformed, "\"\(folder)\" is there already", hint: "name a folder that is not")
      }
      try PrivateFolder.create(folder)
      let host = try BackupHost.host(paths)
      let location = try BackupHost.location(folder + "/repository", paths)
      let repository = try host.create(at: location)
      let report = try await host.write(
        to: repository, capture: { try await BackupHost.capture(paths, to: $0) },
        progress: { files, bytes in Progress.note("\(files) files, \(ByteText.of(bytes))") })
      let record = CustodyRecord(
        appliance: IncidentFile(paths).read().containment?.id, reason: reason,
        by: "operator:\(geteuid())", at: Date(), head: report.head.description,
        files: try CustodyFile.list(folder))
      let signed = try host.sign(record)
      try HostAudit(paths).note(
        .incidentSnapshot, "snapshot", .done, ["reason": reason, "head": record.head])
      try DurableFile.replace(
        folder + "/" + CustodyFile.name, with: try ApplianceJSON.encode(signed, pretty: true))
      if options.format == .json { return try Output.json(signed) }
      Output.line("snapshot of \(report.files) files in \(folder)")
      Output.line("signed by \(signed.signer)")
    }

    private func verify() throws {
      let signed = try CustodyFile.read(folder, signer: signer)
      if options.format == .json { return try Output.json(signed) }
      Output.line(
        "intact: \(signed.record.files.count) files, made \(signed.record.at.formatted(.iso8601)) "
          + "by \(signed.record.by): \(VisibleText.escape(signed.record.reason))")
      Output.line("signed by \(signed.signer)")
      if signer == nil {
        Output.note("whether that is your host nothing here tells: pass --signer")
      }
    }
  }

  /// `kafclaw incident report`.
  struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "report",
      abstract: "What happened: orders, denials, failures, from the audit log.",
      discussion: "Times are UTC. Needs no running appliance.")

    @Option(help: "From when on: a UTC time, or a duration such as 24h.")
    var since = "24h"

    @OptionGroup var options: GlobalOptions

    private struct Page: Encodable {
      let formatVersion = 1
      let state: IncidentState
      let since: Date
      let counts: [String: Int]
      let entries: [AuditArchiveEntry]
    }

    func run() async throws {
      let paths = try options.paths
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let start = try IncidentReportTime.start(since)
      let state = IncidentFile(paths).read()
      let entries = try AuditArchiveEntry.since(start, HostAudit(paths))
      var counts: [String: Int] = [:]
      for entry in entries { counts["\(entry.kind) \(entry.outcome)", default: 0] += 1 }
      if options.format == .json {
        return try Output.json(Page(state: state, since: start, counts: counts, entries: entries))
      }
      Output.line("# Incident report, \(Date().formatted(.iso8601))")
      try IncidentText.render(state, .human)
      Output.line("")
      Output.line("## Recorded since \(start.formatted(.iso8601))")
      for (what, count) in counts.sorted(by: { $0.key < $1.key }) {
        Output.line("- \(what): \(count)")
      }
      Output.line("")
      Output.line("## Orders, and what was denied or failed")
      for entry in entries where entry.isTelling { Output.line("- \(entry.line)") }
    }
  }
}
