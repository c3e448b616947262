// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Daemon
import DurableIO

extension AuditCommand {
  /// `kafclaw audit verify`.
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Check every line of the logs.",
      discussion: """
        Exit code 0 when they are intact, 1 when one is not: file, line and kind of damage are named. \
        The log of skills is checked where there is one. The appliance's is compared with the seals that the timeline remembers; when that cannot be read, the \
        exit code is 1 too. Lines after the last seal could still be changed by somebody with this \
        host's present key; their number is told.
        """)

    @Option(help: "Public key of the first seal, when it is known from elsewhere.")
    var origin: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let paths = try options.paths
      let key = try origin.map { try PublicKeyText.bytes($0) }
      // First: the log may be sealed again while it is read.
      let anchors = await Self.anchors(paths)
      var verifier = AuditVerifier(
        AuditFiles(paths), publicKey: key, anchors: Self.known(anchors))
      var verdict = try verifier.verify()
      if case .failure(let error) = anchors { verdict.note(unread: "timeline.db", because: error) }
      let skills = try Self.skills(paths)
      if options.format == .json {
        try Output.json(versioned: AuditVerdicts(appliance: verdict, skills: skills))
      } else {
        AuditText.show(verdict)
        if let skills {
          Output.line("skills:")
          AuditText.show(skills)
        }
      }
      guard verdict.isIntact, skills?.isIntact ?? true else { throw CommandExit(code: 1) }
    }

    /// `nil` where nothing was ever installed or loaded.
    private static func skills(_ paths: AppliancePaths) throws -> AuditVerdict? {
      let files = HostAudit.skillFiles(paths)
      guard try files.isBegun else { return nil }
      var verifier = AuditVerifier(files)
      return try verifier.verify()
    }

    /// What the timeline remembers: nothing but a running appliance reads its own.
    private static func anchors(
      _ paths: AppliancePaths
    ) async -> Result<[AuditAnchor], ApplianceError> {
      do {
        guard let client = try ControlClient.ofRunningAppliance(paths) else {
          return .success(try HostAudit(paths).storedAnchors())
        }
        return .success(
          try await client.get(ControlRoutes.auditAnchors, as: AuditAnchors.self).anchors)
      } catch {
        return .failure(ApplianceError.of(error))
      }
    }

    private static func known(
      _ anchors: Result<[AuditAnchor], ApplianceError>
    ) -> [AuditAnchor]? {
      if case .success(let known) = anchors { known } else { nil }
    }
  }
}

/// The appliance's verdict, with that of the log of skills beside it.
private struct AuditVerdicts: Encodable {
  let appliance: AuditVerdict
  let skills: AuditVerdict?

  private enum CodingKeys: String, CodingKey {
    case skills
  }

  func encode(to encoder: any Encoder) throws {
    try appliance.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(skills, forKey: .skills)
  }
}
