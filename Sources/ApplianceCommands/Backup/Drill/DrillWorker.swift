// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Backup
import ControlAPI
import Daemon
import DurableIO
import Supervision

/// A process of the supervisor's that tries the declared repository with the key of the host's tomb.
enum DrillWorker {
  static func serve() async {
    let link = Link<DrillRequest, DrillReply, DrillRequest, DrillReply>(
      owning: componentLinkDescriptor, name: "drill")
    await link.run { try await answer($0) }
  }

  private static func answer(_ request: DrillRequest) async throws -> DrillReply {
    HostTomb.protectMemory()
    let paths = AppliancePaths.user(home: request.home)
    let drill = try HostDrill(
      paths, try RepositoryOptions.parse([]), snapshot: nil,
      scratch: nil)
    let evidence = try await drill.run(evidence: nil).0.evidence
    return DrillReply(isPassed: evidence.isPassed, words: evidence.problem ?? "passed")
  }
}
