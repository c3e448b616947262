// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Foundation
import SodiumCrypto
import TestSupport
import Testing

@testable import Reconciliation

/// The values that decide: waits, health, memory.
struct LoopValuesTests {
  private static let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func digest(_ number: Int) -> Digest { SHA256.digest(.integer(Int64(number))) }

  // MARK: Backoff

  @Test func waitDoublesUpToFiveMinutes() {
    var backoff = Backoff()
    var waits: [Double] = []
    for _ in 1...10 {
      backoff.fail("a", at: Self.start, jitter: 1)
      waits.append(backoff.remaining("a", at: Self.start) ?? -1)
    }
    #expect(waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
  }

  @Test func anotherInputStartsAgainAtOnce() {
    var backoff = Backoff()
    for _ in 1...5 { backoff.fail("a", at: Self.start, jitter: 1) }
    #expect(backoff.remaining("b", at: Self.start) == nil)
    backoff.fail("b", at: Self.start, jitter: 1)
    #expect(backoff.remaining("b", at: Self.start) == 2)
    backoff.succeed()
    #expect(backoff.remaining(at: Self.start) == nil)
  }

  @Test func waitIsOver() {
    var backoff = Backoff()
    backoff.fail("a", at: Self.start, jitter: 0.5)
    #expect(backoff.remaining("a", at: Self.start.addingTimeInterval(0.9)) != nil)
    #expect(backoff.remaining("a", at: Self.start.addingTimeInterval(1)) == nil)
  }

  // MARK: Health

  private static func settings(passes: Int, window: Int64, timeout: Int64) -> HealthSpec {
    var settings = HealthSpec()
    settings.passes = Count(passes)
    settings.window = SpecDuration(seconds: window)
    settings.timeout = SpecDuration(seconds: timeout)
    return settings
  }

  private static let slow = HealthProblem("agent", "agent is starting", isFinal: false)
  private static let dead = HealthProblem("gateway", "gateway refused", isFinal: true)

  @Test func healthIsSoManyLooksInARow() {
    var gate = HealthGate(
      Self.settings(passes: 3, window: 10, timeout: 60), unhealthyBefore: [], soaks: true)
    let looks: [[HealthProblem]] = [[], [], [Self.slow], [], [], []]
    let verdicts = looks.enumerated().map { gate.take($1, elapsed: .seconds($0)) }
    let pause = HealthGate.Verdict.again(.seconds(5))
    // The third look starts the count again.
    #expect(verdicts == [pause, pause, .again(.milliseconds(500)), pause, pause, .healthy])
  }

  @Test func whatWillNotGetBetterFailsAtOnce() {
    var gate = HealthGate(
      Self.settings(passes: 3, window: 10, timeout: 60), unhealthyBefore: [], soaks: true)
    let verdict1 = gate.take([Self.slow, Self.dead], elapsed: .zero)
    #expect(verdict1 == .failed("gateway refused"))
  }

  @Test func whatDoesNotGetBetterFailsInTheEnd() {
    var gate = HealthGate(
      Self.settings(passes: 3, window: 10, timeout: 60), unhealthyBefore: [], soaks: true)
    let verdict2 = gate.take([Self.slow], elapsed: .seconds(59))
    #expect(verdict2 == .again(.milliseconds(500)))
    let verdict5 = gate.take([Self.slow], elapsed: .seconds(60))
    #expect(verdict5 == .failed("agent is starting, still after 60 s"))
  }

  @Test func whatWasUnhealthyBeforeDoesNotCount() {
    var gate = HealthGate(
      Self.settings(passes: 1, window: 0, timeout: 60), unhealthyBefore: ["gateway"], soaks: true)
    let verdict3 = gate.take([Self.dead], elapsed: .zero)
    #expect(verdict3 == .healthy)
  }

  @Test func withNothingToGoBackToOneLookIsEnough() {
    var gate = HealthGate(
      Self.settings(passes: 3, window: 10, timeout: 60), unhealthyBefore: [], soaks: false)
    let verdict4 = gate.take([], elapsed: .zero)
    #expect(verdict4 == .healthy)
  }

  // MARK: Memory

  @Test func generationCountsChangesOfInputs() {
    var loop = LoopState()
    for number in [1, 1, 2, 2, 1] { loop.take(inputs: digest(number)) }
    #expect(loop.generation == 3)
  }

  @Test func quarantineKeepsTheNewestFifty() throws {
    var loop = LoopState()
    for number in 1...60 {
      loop.isolate(
        .init(
          desired: digest(number), tree: nil, commit: nil, effect: digest(0), at: Self.start,
          reason: "sick"))
    }
    #expect(loop.quarantine.count == 50)
    #expect(loop.quarantined(digest(10)) == nil)
    #expect(loop.quarantined(digest(60)) != nil)
    let (short, named) = (loop.release("short"), loop.release(digest(60).short))
    #expect(!short, "too few characters to mean anything")
    #expect(named)
    #expect(loop.quarantined(digest(60)) == nil)
    let back = try ApplianceJSON.decode(LoopState.self, from: ApplianceJSON.encode(loop))
    #expect(back == loop)
  }

  @Test func returnsOfDifferentStatesWithinAnHourHold() {
    var loop = LoopState()
    loop.noteReturn(from: digest(1), at: Self.start)
    loop.noteReturn(from: digest(1), at: Self.start.addingTimeInterval(60))
    #expect(loop.hold == nil, "it was the same one")
    loop.noteReturn(from: digest(2), at: Self.start.addingTimeInterval(3_700))
    #expect(loop.hold == nil, "the others are long ago")
    loop.noteReturn(from: digest(3), at: Self.start.addingTimeInterval(3_800))
    #expect(loop.hold?.kind == .repeatedReturns)
    #expect(loop.hold?.until == nil)
  }

  // MARK: What was accepted of the source

  private func files() throws -> (SourceTrustFiles, Appliance) {
    let appliance = try Appliance()
    return (SourceTrustFiles(appliance.paths), appliance)
  }

  @Test func trustOutlivesEitherOfItsPlaces() throws {
    let (files, appliance) = try files()
    let paths = appliance.paths
    #expect(try files.read() == nil)
    var trust = SourceTrust(accepted: Desired.hexadecimal(1))
    trust.accept([Desired.hexadecimal(2)], tip: Desired.hexadecimal(2), at: Self.start)
    try files.write(trust)
    for path in [paths.sourceTrust, paths.sourceTrustCopy] {
      try FileManager.default.removeItem(atPath: path)
      #expect(try files.read() == trust)
      try files.heal()
      try Data("{".utf8).write(to: URL(filePath: path))
      #expect(try files.read() == trust)
      try files.heal()
      #expect(try files.read() == trust)
    }
  }

  @Test func newerOfTwoCopiesHolds() throws {
    let (files, appliance) = try files()
    let old = SourceTrust(accepted: Desired.hexadecimal(1))
    try files.write(old)
    let bytes = try Data(contentsOf: URL(filePath: appliance.paths.sourceTrust))
    var new = old
    new.accept([], tip: Desired.hexadecimal(2), at: Self.start)
    try files.write(new)
    // An older copy that somebody puts back.
    try bytes.write(to: URL(filePath: appliance.paths.sourceTrust))
    #expect(try files.read() == new)
  }

  @Test func damagedTrustIsNotForgotten() throws {
    let (files, appliance) = try files()
    try files.write(SourceTrust(accepted: Desired.hexadecimal(1)))
    for path in [appliance.paths.sourceTrust, appliance.paths.sourceTrustCopy] {
      try Data("{".utf8).write(to: URL(filePath: path))
    }
    #expect(throws: ApplianceError.self) { try files.read() }
  }
}
