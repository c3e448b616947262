// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Planning
import Synchronization
import Testing

@testable import Reconciliation

/// A program that ends in the middle of an apply, at every step of it.
struct CrashTests {
  /// Host and files at the moment when the program is killed.
  struct Moment: Sendable {
    let files: String
    var live: [ResourceAddress: ResourceFields]
  }

  private static let first = "gateway: {port: 9000}\n"
  private let appliance: Appliance

  init() throws { appliance = try Appliance(Desired.commit(1, Self.first)) }

  private static func second(_ number: Int = 2, _ text: String = "") -> SourceReply {
    Desired.commit(
      number, "gateway: {port: 9001}\nsenders: {owners: [olga]}\n" + text,
      workspace: ["AGENTS.md": "Be kind.\n", "SOUL.md": "A claw.\n"])
  }

  /// Applies the second commit and keeps the moments before each effect, and after.
  private func moments() async throws -> [Moment] {
    let (home, folder) = (appliance.home, appliance.paths.reconciler)
    let found = Mutex<[Moment]>([])
    await appliance.host.whenApplying { address, desired, live in
      found.withLock { moments in
        let copy = "\(home)/moment-\(moments.count)"
        // `try?`: a moment without files shows as a test that fails.
        try? FileManager.default.copyItem(atPath: folder, toPath: copy)
        moments.append(Moment(files: copy, live: live))
        var after = live
        after[address] = desired
        moments.append(Moment(files: copy, live: after))
      }
    }
    await appliance.source.give(Self.second())
    #expect(await appliance.pass().kind == .applied)
    await appliance.host.whenApplying { _, _, _ in }
    return found.withLock { $0 }
  }

  /// Kills the program at `moment` and starts it again.
  private func restart(at moment: Moment) async throws -> Reconciler {
    try FileManager.default.removeItem(atPath: appliance.paths.reconciler)
    try FileManager.default.copyItem(atPath: moment.files, toPath: appliance.paths.reconciler)
    await appliance.host.replaceAll(by: moment.live)
    let reconciler = appliance.restarted()
    try await reconciler.recover()
    return reconciler
  }

  private func expectSettled(_ reconciler: Reconciler, _ place: String) async throws {
    for _ in 1...2 { _ = await reconciler.pass(.interval) }
    #expect(await reconciler.pass(.interval).kind == .noChange, "\(place)")
    #expect(try await appliance.recordMatchesHost(), "\(place)")
    #expect(await reconciler.current.interrupted == [], "\(place)")
    let journal = ReconcileJournal(path: appliance.paths.journal)
    #expect(try journal.interrupted() == [], "\(place)")
  }

  @Test func sameCommitIsFinishedAfterACrash() async throws {
    await appliance.pass()
    let moments = try await moments()
    let good = await appliance.host.live
    #expect(moments.count == 10)
    for (index, moment) in moments.enumerated() {
      let reconciler = try await restart(at: moment)
      try await expectSettled(reconciler, "moment \(index)")
      #expect(await appliance.host.live == good, "moment \(index)")
    }
  }

  /// Also where drift is only reported: what the crash left is no drift.
  @Test(arguments: ["", "reconcile: {drift: {default: report}}\n"])
  func earlierCommitIsRestoredAfterACrash(policy: String) async throws {
    await appliance.source.give(Desired.commit(1, Self.first + policy))
    await appliance.pass()
    let good = await appliance.host.live
    for (index, moment) in try await moments().enumerated() {
      let reconciler = try await restart(at: moment)
      await appliance.source.give(Desired.commit(3, Self.first + policy))
      try await expectSettled(reconciler, "moment \(index)")
      #expect(await appliance.host.live == good, "moment \(index)")
    }
  }

  @Test func newerCommitTakesOverAfterACrash() async throws {
    await appliance.pass()
    let files = ["AGENTS.md": "Be brave.\n", "SOUL.md": "Two claws.\n"]
    for (index, moment) in try await moments().enumerated() {
      let reconciler = try await restart(at: moment)
      await appliance.source.give(Desired.commit(3, "gateway: {port: 9002}\n", workspace: files))
      try await expectSettled(reconciler, "moment \(index)")
      #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 9_002)
    }
  }

  @Test func lastAppliedStateIsRestoredAfterACrashWithoutASource() async throws {
    await appliance.pass()
    let good = await appliance.host.live
    for (index, moment) in try await moments().enumerated() {
      let reconciler = try await restart(at: moment)
      await appliance.source.fail("no answer")
      for _ in 1...3 { #expect(await reconciler.pass(.interval).kind == .sourceFailed) }
      #expect(await appliance.host.live == good, "moment \(index)")
      #expect(try await appliance.recordMatchesHost(), "moment \(index)")
    }
  }
}
