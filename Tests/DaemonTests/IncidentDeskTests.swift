// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Reconciliation
import Testing

@testable import Daemon

/// A stage that is closed again is closed, whatever else is broken.
struct IncidentDeskTests {
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  /// Contains everything and opens a stage that is still looked at.
  private static func open(_ bench: AccessBench) throws -> IncidentDesk {
    for folder in bench.paths.folders { try PrivateFolder.create(folder) }
    let desk = IncidentDesk(containment: bench.containment, audit: bench.audit)
    let settings = bench.inForce.value
    _ = try desk.carryOut(
      IncidentOrder(.contain, reason: "odd", level: .all), by: "operator:0", at: now, settings)
    var trial = IncidentOrder(.restore, reason: "again", stage: 9)
    trial.isTrial = true
    let opened = try desk.carryOut(trial, by: "operator:0", at: now, settings)
    #expect(opened.containment?.before != nil && opened.containment?.tools.isEmpty == false)
    return desk
  }

  private static func takeBack(_ desk: IncidentDesk) -> ApplianceError? {
    #expect(throws: ApplianceError.self) { try desk.takeBack(by: "operator:0", at: now) }
  }

  @Test("it is closed, and stays so, where nobody can record it")
  func unrecorded() async throws {
    try await withBench { bench in
      let desk = try Self.open(bench)
      try bench.breakAudit()
      #expect(Self.takeBack(desk)?.code == .incidentUnstored)
      let held = try #require(desk.containment.current.containment)
      #expect(held.tools.isEmpty && held.stage == 0 && held.before == nil)
      #expect(IncidentFile(bench.paths).read().containment == held)
      try bench.mendAudit()
      #expect(try !desk.takeBack(by: "operator:0", at: Self.now))
    }
  }

  @Test("it is closed where it cannot be stored, and stored as soon as it can")
  func unstored() async throws {
    try await withBench { bench in
      let desk = try Self.open(bench)
      // Nothing replaces a folder, also not for root.
      let aside = bench.paths.incident + ".aside"
      try FileManager.default.moveItem(atPath: bench.paths.incident, toPath: aside)
      try FileManager.default.createDirectory(
        atPath: bench.paths.incident + "/in", withIntermediateDirectories: true)
      #expect(Self.takeBack(desk)?.code == .incidentUnstored)
      let held = try #require(desk.containment.current.containment)
      #expect(held.tools.isEmpty && held.before == nil)
      #expect(throws: ApplianceError.self) { try desk.containment.storeAgain() }
      try FileManager.default.removeItem(atPath: bench.paths.incident)
      try FileManager.default.moveItem(atPath: aside, toPath: bench.paths.incident)
      try desk.containment.storeAgain()
      #expect(IncidentFile(bench.paths).read().containment == held)
    }
  }

  @Test("a weaker order closes stages, and is not why the stronger one holds")
  func weaker() async throws {
    try await withBench { bench in
      let desk = try Self.open(bench)
      let state = try desk.carryOut(
        IncidentOrder(.contain, reason: "also odd", level: .tools), by: "operator:1", at: Self.now)
      let held = try #require(state.containment)
      #expect(held.level == .all && held.reason == "odd" && held.by == "operator:0")
      #expect(held.stage == 0 && held.tools.isEmpty)
    }
  }
}
