// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Logging
import TestSupport
import Testing
import Tomb

@testable import Daemon
@testable import DesiredState

/// What is watched beside the figures.
struct WatchFindingsTests {
  private func disk(
    _ bench: AccessBench, _ paths: AppliancePaths
  ) async -> [WatchRules.Finding] {
    let findings = WatchFindings(
      upkeep: Upkeep(paths: paths, audit: HostAudit(bench.paths), store: bench.store),
      status: { throw ApplianceError(.inconsistent, "nobody tells") }, crashLoops: { [] },
      entries: { [] }, logger: Logger(label: "test"))
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
        upkeep: Upkeep(paths: bench.paths, audit: HostAudit(bench.paths), store: bench.store),
        status: { throw ApplianceError(.inconsistent, "nobody tells") },
        crashLoops: { ["agent"] }, entries: { [] }, logger: Logger(label: "test"))
      let (found, isComplete) = await findings.all(.roomy, Date())
      #expect(!isComplete)
      #expect(found.contains { $0.signal == .crashLoop && $0.subject == "agent" })
    }
  }

  @Test("a secret is told of before it ends, one for a short while not at once")
  func secretsThatEnd() async throws {
    try await withBench { bench in
      let start = Date(timeIntervalSince1970: 1_800_000_000)
      let tomb = try HostTomb.store(bench.paths, TombSpec())
      try tomb.create(recovery: [], at: start)
      for (name, life) in [("hour", 3_600.0), ("year", 365 * 86_400)] {
        try tomb.set(
          name, SecretValue(copying: [1]), EntryDetails(expires: start + life), at: start)
      }
      try tomb.set("ever", SecretValue(copying: [1]), at: start)
      let findings = WatchFindings(
        upkeep: Upkeep(paths: bench.paths, audit: HostAudit(bench.paths), store: bench.store),
        status: { throw ApplianceError(.inconsistent, "nobody tells") }, crashLoops: { [] },
        entries: { try tomb.list() }, logger: Logger(label: "test"))
      func told(_ seconds: Double) async -> [String] {
        await findings.all(.roomy, start + seconds).found.filter { $0.signal == .secretExpiry }
          .map(\.message)
      }
      #expect(await told(0) == [])
      #expect(await told(2_600) == [])
      #expect(await told(2_800) == ["tomb:hour ends 2027-01-15T09:00:00Z"])
      #expect(await told(3_600) == ["tomb:hour ended 2027-01-15T09:00:00Z"])
      #expect(await told(350 * 86_400).count == 1)
      #expect(await told(352 * 86_400).count == 2)
    }
  }
}
