// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Planning
import Synchronization
import Testing

@testable import Reconciliation

/// An apply that stops in the middle, at every place.
struct FailingApplyTests {
  private let appliance: Appliance

  init() throws { appliance = try Appliance() }

  /// The first apply has ten resources.
  @Test(arguments: 1...10)
  func firstApplyThatFailsIsFinishedByTheNextPass(number: Int) async throws {
    await appliance.host.fail([number])
    let failed = await appliance.pass()
    #expect(failed.kind == .failed)
    #expect(failed.error?.code.rawValue == "test.apply")
    #expect(await appliance.host.log.last?.hasPrefix("fail ") == true)
    #expect(await appliance.host.live.count == number - 1)
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.host.live.count == 10)
    #expect(try await appliance.recordMatchesHost())
    #expect(await appliance.pass().kind == .noChange)
  }

  /// Everything is in effect, and the record of it could not be written: the pass that writes it
  /// finds nothing to do, and is told all the same.
  @Test func applyThatCouldNotBeRecordedIsToldByTheNextPass() async throws {
    await appliance.pass()
    await appliance.source.give(Self.second)
    try FileManager.default.removeItem(atPath: appliance.paths.bundles)
    try Data().write(to: URL(fileURLWithPath: appliance.paths.bundles))
    #expect(await appliance.pass().kind == .failed)
    try FileManager.default.removeItem(atPath: appliance.paths.bundles)
    #expect(await appliance.pass().kind == .applied)
    #expect(try appliance.history().first?.commit == Desired.hexadecimal(2))
    #expect(try appliance.history().first?.outcome == .applied)
    #expect(await appliance.pass().kind == .noChange)
  }

  private static let second = Desired.commit(
    2, "gateway: {port: 9000}\nsenders: {owners: [olga]}\n",
    workspace: ["AGENTS.md": "Be kind.\n", "SOUL.md": "A claw.\n"])

  /// The second has five changes. Whatever it did before it failed, nothing of it is left, also
  /// where drift is only reported: its own half-done work is no drift.
  @Test(arguments: 1...5, ["correct", "report"])
  func laterApplyThatFailsIsTakenBack(number: Int, policy: String) async throws {
    let first = "reconcile: {drift: {default: \(policy)}}\n"
    await appliance.source.give(Desired.commit(1, first))
    await appliance.pass()
    let good = await appliance.host.live
    await appliance.source.give(
      Desired.commit(
        2, first + "gateway: {port: 9000}\nsenders: {owners: [olga]}\n",
        workspace: ["AGENTS.md": "Be kind.\n", "SOUL.md": "A claw.\n"]))
    await appliance.host.fail([number])
    let outcome = await appliance.pass()
    #expect(outcome.kind == .rolledBack)
    #expect(outcome.error?.code.rawValue == "test.apply")
    #expect(await appliance.host.live == good)
    #expect(try await appliance.recordMatchesHost())
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(1))
    #expect(await appliance.pass().kind == .held)
    #expect(await appliance.host.live == good)
  }

  /// A fault of the host is not the change's: it is tried again, not taken back.
  @Test(arguments: 1...5)
  func applyThatMeetsAFullDiskIsFinishedLater(number: Int) async throws {
    await appliance.pass()
    await appliance.source.give(Self.second)
    await appliance.host.fail([number], with: .init("io.failed"))
    #expect(await appliance.pass().kind == .failed)
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(1))
    #expect(await appliance.pass().kind == .applied)
    #expect(try await appliance.recordMatchesHost())
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(2))
    #expect(await appliance.pass().kind == .noChange)
  }

  /// A file that an interrupted apply made is ours, so a later commit may change it.
  @Test(arguments: 1...9)
  func commitAfterAFailedApplyTakesItsFilesOver(number: Int) async throws {
    await appliance.host.fail([number])
    await appliance.pass()
    await appliance.source.give(Self.second)
    let outcome = await appliance.pass()
    #expect(outcome.kind == .applied)
    #expect(outcome.plan?.blocked == [])
    #expect(try await appliance.recordMatchesHost())
    #expect(await appliance.pass().kind == .noChange)
  }

  @Test func repeatedFailureGrowsNeitherHistoryNorJournal() async throws {
    await appliance.pass()
    await appliance.source.give(Self.second)
    await appliance.host.fail(Set(1...1_000), with: .init("io.failed"))
    await appliance.pass()
    await appliance.pass()
    let entries = try appliance.history().count
    let before = try DurableFile.readIfPresent(appliance.paths.journal, limit: 1 << 20)?.count
    for _ in 1...10 { #expect(await appliance.pass().kind == .failed) }
    #expect(try appliance.history().count == entries)
    let after = try DurableFile.readIfPresent(appliance.paths.journal, limit: 1 << 20)?.count
    #expect(after ?? 0 <= before ?? 0)
  }

  @Test func intentIsDurableBeforeAnythingIsTouched() async throws {
    let path = appliance.paths.journal
    let missing = Mutex<[String]>([])
    await appliance.host.whenApplying { address, _, _ in
      // Modes can be what keeps a journal from being written.
      if address.kind == .modes { return }
      // `try?`: a journal that cannot be read has no intent.
      let bytes = (try? DurableFile.read(path, limit: 1 << 20)) ?? []
      let last = String(decoding: bytes, as: UTF8.self).split(separator: "\n").last ?? ""
      let isIntended = last.contains("\"intent\"") && last.contains("\"\(address.text)\"")
      if !isIntended { missing.withLock { $0.append(address.text) } }
    }
    #expect(await appliance.pass().kind == .applied)
    #expect(missing.withLock { $0 } == [])
  }

  @Test func unhealthyComponentFailsThePassUntilItIsWell() async throws {
    await appliance.host.makeUnhealthy(ApplianceError(.init("test.sick"), "gateway is sick"))
    let failed = await appliance.pass()
    #expect(failed.kind == .failed)
    #expect(failed.error?.message == "gateway is sick")
    #expect(try appliance.files.appliedState().revisions.applied == nil)
    await appliance.host.makeUnhealthy(nil)
    await appliance.pass()
    #expect(await appliance.pass().kind == .noChange)
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(1))
    #expect(try await appliance.recordMatchesHost())
  }

  @Test func unhealthyComponentIsNoticedWithoutAChange() async throws {
    await appliance.pass()
    await appliance.host.makeUnhealthy(ApplianceError(.init("test.sick"), "gateway is sick"))
    #expect(await appliance.pass().kind == .failed)
    await appliance.host.makeUnhealthy(nil)
    #expect(await appliance.pass().kind == .noChange)
  }
}
