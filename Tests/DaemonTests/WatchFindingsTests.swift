// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Logging
import TestSupport
import Testing

@testable import Daemon
@testable import DesiredState

/// What is watched beside the figures.
struct WatchFindingsTests {
  private func disk(
    _ bench: AccessBench, _ paths: AppliancePaths
  ) async -> [WatchRules.Finding] {
    let findings = WatchFindings(
      paths: paths, store: bench.store, audit: HostAudit(bench.paths),
      status: { throw ApplianceError(.inconsistent, "nobody tells") }, crashLoops: { [] },
      logger: Logger(label: "test"))
    return await findings.all(.roomy, Date()).found.filter { $0.signal == .diskSpace }
  }

  @Test("a disk without room is told, and one that cannot be looked at; any other is not")
  func diskSpace() async throws {
    try await withBench { bench in
      #expect(await disk(bench, bench.paths) == [])

      // What the kernel shows there has no blocks, and none free.
      try bench.folder.makeFolder("full")
      let full = AppliancePaths.user(home: bench.folder("full"))
      try FileManager.default.createSymbolicLink(
        atPath: full.state, withDestinationPath: "/proc")
      #expect(
        await disk(bench, full)
          == [.init(signal: .diskSpace, message: "\(full.state): 0 MiB (0 %) free")])

      let gone = AppliancePaths.user(home: bench.folder("gone"))
      let found = await disk(bench, gone)
      #expect(found.count == 1 && found[0].subject.isEmpty)
      #expect(found.first?.message.contains(gone.state) == true, "\(found)")
    }
  }

  @Test("the signal has the name that the runbook and the metrics know")
  func name() {
    #expect(Signal.diskSpace.rawValue == "disk-space")
    #expect(Signal(rawValue: "disk-space") == .diskSpace)
  }

  @Test("what nobody could look at is not over")
  func incomplete() async throws {
    try await withBench { bench in
      let findings = WatchFindings(
        paths: bench.paths, store: bench.store, audit: HostAudit(bench.paths),
        status: { throw ApplianceError(.inconsistent, "nobody tells") },
        crashLoops: { ["agent"] }, logger: Logger(label: "test"))
      let (found, isComplete) = await findings.all(.roomy, Date())
      #expect(!isComplete)
      #expect(found.contains { $0.signal == .crashLoop && $0.subject == "agent" })
    }
  }
}
