// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Backup
import Daemon
import DurableIO
import Foundation

extension BackupCommand {
  /// `kafclaw backup evidence`.
  struct Evidence: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "evidence", abstract: "Check what a drill saw, or take note of it.",
      subcommands: [Verify.self, Accept.self])

    /// `kafclaw backup evidence verify`.
    struct Verify: ParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the signature of a file of evidence, anywhere.",
        discussion: "Exit codes: 0 authentic and passed, 1 not.")

      @Argument(help: "File of evidence.")
      var file: String

      @Option(help: "Public key of who must have signed it, as the drill told.")
      var signer: String?

      @OptionGroup var options: GlobalOptions

      func run() throws {
        let signed = try EvidenceReading.read(file, signer: signer)
        if options.format == .json {
          try Output.json(signed.evidence)
        } else {
          for line in EvidenceText.lines(signed.evidence) { Output.line(line) }
          Output.line("signed by \(signed.signer)")
        }
        if signer == nil {
          Output.note("whose key that is nothing here tells: pass --signer")
        }
        guard signed.evidence.isPassed else { throw CommandExit(code: 1) }
      }
    }

    /// `kafclaw backup evidence accept`.
    struct Accept: ParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Take note of a drill that another host made.",
        discussion: "`kafclaw doctor` counts it from then on.")

      @Argument(help: "File of evidence.")
      var file: String

      @Option(help: "Public key of the host that made the drill.")
      var signer: String

      @Option(help: "The repository that was tried (default: the declared one).")
      var repository: String?

      @OptionGroup var options: GlobalOptions

      func run() throws {
        let paths = try BackupHost.paths(options)
        let evidence = try EvidenceReading.read(file, signer: signer).evidence
        let location = try BackupHost.location(repository, paths)
        try require(evidence, to: location, paths)
        guard evidence.finished <= Date().addingTimeInterval(BackupRecord.clockTolerance) else {
          throw ApplianceError(
            .malformed,
            "the drill ended at \(evidence.finished.formatted(.iso8601)), which is to "
              + "come", hint: "set the clocks of both hosts")
        }
        try HostAudit(paths).privileged(
          .backup, on: "backup/\(evidence.repository)",
          details: ["deed": "accept-evidence", "signer": signer]
        ) {
          let run = BackupRecord.Run(evidence, address: location.address)
          try BackupRecordFile(paths).update { $0.note(run) }
        }
        if options.format == .json { return try Output.json(evidence) }
        Output.line(
          "noted: the drill of \(evidence.finished.formatted(.iso8601)), "
            + (evidence.isPassed ? "passed" : "failed"))
      }

      /// What was tried is what this host wrote: ids and recipients of a repository are no secrets.
      private func require(
        _ evidence: DrillEvidence, to location: RepositoryLocation, _ paths: AppliancePaths
      ) throws {
        let host = try BackupHost.host(paths)
        let repository = try host.open(location)
        guard "\(repository.id)" == evidence.repository, try host.writer() == evidence.writer else {
          throw ApplianceError(
            .backupRepository,
            "the drill was of repository \(VisibleText.escape(evidence.repository)), written by "
              + "\(VisibleText.escape(evidence.writer)): not of that of this host",
            hint: "a drill passes --writer, so that another repository is refused there")
        }
        try repository.heads().require(try BackupHost.head(evidence.head))
      }
    }
  }
}

enum EvidenceReading {
  static func read(_ file: String, signer: String?) throws -> SignedEvidence {
    let signed = try SignedEvidence(try DurableFile.read(file, limit: SignedEvidence.limit))
    if let signer { try signed.require(signer.lowercased()) }
    return signed
  }
}
