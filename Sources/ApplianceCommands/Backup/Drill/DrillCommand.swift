// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Backup
import Daemon
import DurableIO
import Foundation
import Glibc
import SodiumCrypto

extension BackupCommand {
  /// `kafclaw backup drill`.
  struct Drill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "drill", abstract: "Restore a snapshot where nothing else is, and run it.",
      discussion: """
        The snapshot is restored from the repository and its key alone, in a root of its own with no \
        network, its files compared, its database and audit log verified, its desired state planned; \
        then the appliance is started, and has to let its operator in, keep others out, and answer. \
        In the end the same restore is tried from damaged copies, and has to fail.

        What was seen is written as signed evidence, and as a page for people.

        Exit codes: 0 passed, 1 not.
        """)

    @OptionGroup var access: RepositoryOptions

    @Option(help: "Which snapshot (default: the newest).")
    var snapshot: Int?

    @Option(help: "Folder for the evidence (default: that of this host).")
    var evidence: String?

    @Option(
      help:
        "Folder in which the snapshot is restored for a while, in kafclaw-scratch (default: backup-staging)."
    )
    var scratch: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let paths = try BackupHost.paths(options)
      let drill = try HostDrill(paths, access, snapshot: snapshot, scratch: scratch)
      let (signed, files) = try await drill.run(evidence: evidence)
      try render(signed.evidence, signed.signer, files)
      guard signed.evidence.isPassed else { throw CommandExit(code: 1) }
    }

    private func render(
      _ evidence: DrillEvidence, _ signer: String, _ files: (json: String, page: String)
    ) throws {
      if options.format == .json { return try Output.json(evidence) }
      for line in EvidenceText.lines(evidence) { Output.line(line) }
      Output.line("evidence \(files.json), signed by \(signer)")
      Output.line("page \(files.page)")
    }
  }
}
