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
      // What cannot be recorded is kept all the same: that may be what the incident is.
      var problem = record(.intent, ["reason": reason], paths)
      let report = try await host.write(
        to: repository, capture: { try await BackupHost.capture(paths, to: $0) },
        progress: { files, bytes in Progress.note("\(files) files, \(ByteText.of(bytes))") })
      let custody = CustodyRecord(
        incident: IncidentFile(paths).read().containment?.id, reason: reason,
        by: "operator:\(geteuid())", at: Date(), head: report.head.description,
        files: try CustodyFile.list(folder))
      let signed = try host.sign(custody)
      try DurableFile.replace(
        folder + "/" + CustodyFile.name, with: try ApplianceJSON.encode(signed, pretty: true))
      problem = record(.done, ["reason": reason, "head": custody.head], paths) ?? problem
      try show(signed, report.files)
      guard let problem else { return }
      throw ApplianceError(
        problem.code, "the snapshot is whole and signed, but not recorded: \(problem.message)",
        hint: problem.hint)
    }

    /// - Returns: Why it could not be recorded.
    private func record(
      _ outcome: AuditEvent.Outcome, _ details: [String: String], _ paths: AppliancePaths
    ) -> ApplianceError? {
      do { try HostAudit(paths).note(.incidentSnapshot, "snapshot", outcome, details) } catch {
        return ApplianceError.of(error)
      }
      return nil
    }

    private func show(_ signed: SignedCustody, _ files: Int) throws {
      if options.format == .json { return try Output.json(versioned: signed) }
      Output.line("snapshot of \(files) files in \(folder)")
      Output.line("signed by \(signed.signer)")
    }

    private func verify() throws {
      let signed = try CustodyFile.read(folder, signer: signer)
      if options.format == .json { return try Output.json(versioned: signed) }
      Output.line(
        "intact: \(signed.record.files.count) files, made \(signed.record.at.formatted(.iso8601)) "
          + "by \(signed.record.by): \(VisibleText.escape(signed.record.reason))")
      Output.line("signed by \(signed.signer)")
      if signer == nil {
        Output.note("whether that is your host nothing here tells: pass --signer")
      }
    }
  }
}
