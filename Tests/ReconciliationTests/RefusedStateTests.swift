// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Planning
import Testing

@testable import Reconciliation

/// States that are not applied, and a source that does not answer: the last good state is kept up.
struct RefusedStateTests {
  struct Refusal: Sendable, CustomTestStringConvertible {
    let name: String
    let reply: @Sendable (Int) -> SourceReply
    let kind: PassOutcome.Kind
    var testDescription: String { name }
  }

  static let refusals = [
    Refusal(name: "invalid", reply: { Desired.invalid($0) }, kind: .invalid),
    Refusal(name: "pending mechanism", reply: { Desired.pending($0) }, kind: .invalid),
    Refusal(name: "denied", reply: { Desired.denied($0) }, kind: .denied),
    Refusal(name: "held", reply: { Desired.held($0) }, kind: .held),
  ]

  private let appliance: Appliance

  init() throws { appliance = try Appliance() }

  @Test(arguments: RefusedStateTests.refusals)
  func refusedStateOfANewHostTouchesNothing(refusal: Refusal) async throws {
    await appliance.source.give(refusal.reply(1))
    let outcome = await appliance.pass(.start)
    #expect(outcome.kind == refusal.kind)
    #expect(await appliance.host.log == [])
    #expect(try appliance.files.appliedState() == AppliedState())
    #expect(try appliance.bundles.current() == nil)
    #expect(await appliance.reconciler.current.expected == nil)
  }

  @Test(arguments: RefusedStateTests.refusals)
  func refusedStateLeavesTheAppliedOne(refusal: Refusal) async throws {
    await appliance.pass()
    let good = await appliance.host.live
    let record = try appliance.files.appliedState()
    let bundle = try appliance.bundles.current()
    await appliance.host.clearLog()
    await appliance.source.give(refusal.reply(2))
    for _ in 1...3 { #expect(await appliance.pass().kind == refusal.kind) }
    #expect(await appliance.host.live == good)
    #expect(await appliance.host.log == ["health", "health", "health"])
    #expect(try appliance.files.appliedState() == record)
    #expect(try appliance.bundles.current() == bundle)
    #expect(await appliance.reconciler.current.expected == bundle?.state)
  }

  @Test(arguments: RefusedStateTests.refusals)
  func driftIsStillCorrectedToTheAppliedState(refusal: Refusal) async throws {
    await appliance.pass()
    let good = await appliance.host.live
    await appliance.source.give(refusal.reply(2))
    await appliance.pass()
    await appliance.host.set("component/gateway", nil)
    await appliance.host.set("senders/tiers:", ["owners": ["mallory"]])
    #expect(await appliance.pass().kind == refusal.kind)
    #expect(await appliance.host.live == good)
    let corrected = try appliance.history().first { $0.outcome == .applied }
    #expect(corrected?.items.map(\.reason) == [.drift, .deletedOutside])
    #expect(corrected?.commit == Desired.hexadecimal(1))
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(1))
  }

  @Test(arguments: RefusedStateTests.refusals)
  func repeatedRefusalIsToldOnce(refusal: Refusal) async throws {
    await appliance.pass()
    await appliance.source.give(refusal.reply(2))
    await appliance.pass()
    let before = try appliance.fingerprint()
    #expect(try appliance.history().map(\.outcome) == [refusal.kind, .applied])
    for _ in 1...5 { await appliance.pass() }
    #expect(try appliance.fingerprint() == before)
  }

  @Test(arguments: RefusedStateTests.refusals)
  func goodStateAfterARefusedOneIsApplied(refusal: Refusal) async throws {
    await appliance.pass()
    await appliance.source.give(refusal.reply(2))
    await appliance.pass()
    await appliance.source.give(Desired.commit(3, "gateway: {port: 9000}\n"))
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 9_000)
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(3))
  }

  @Test func secretThatAppearsReleasesWhatWasHeld() async throws {
    await appliance.source.give(Desired.held(1))
    #expect(await appliance.pass().kind == .held)
    await appliance.host.set("secret/env:MISSING", ["present": true])
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.host.fields(of: "component/gateway")?["token"] == "env:MISSING")
    await appliance.host.set("secret/env:MISSING", nil)
    #expect(await appliance.pass().kind == .held)
  }

  @Test func folderThatIsHandedOverIsJudgedLikeACommit() async throws {
    await appliance.pass()
    let before = try appliance.fingerprint()
    for refusal in Self.refusals {
      let reply = SourceReply(revision: nil, outcome: refusal.reply(2).outcome)
      let outcome = await appliance.reconciler.apply(reply, .init(justification: "test"))
      #expect(outcome.kind == refusal.kind)
    }
    let names = Set(before.map { $0.split(separator: " ").first })
    let after = try appliance.fingerprint().filter { !$0.hasPrefix("reconciler/history.jsonl ") }
    #expect(after == before.filter { !$0.hasPrefix("reconciler/history.jsonl ") })
    #expect(Set(try appliance.fingerprint().map { $0.split(separator: " ").first }) == names)
    #expect(await appliance.reconciler.current.expected == (try appliance.bundles.current())?.state)
  }

  @Test func folderThatIsHandedOverIsNotedWithItsReason() async throws {
    await appliance.pass()
    let reply = Desired.folder("gateway: {port: 9000}\n")
    let outcome = await appliance.reconciler.apply(reply, .init(justification: "incident 7"))
    #expect(outcome.kind == .applied)
    let newest = try #require(try appliance.history().first)
    #expect(newest.justification == "incident 7")
    #expect(newest.trigger == .operatorRequest)
    #expect(newest.commit == nil)
    #expect(await appliance.pass().kind == .applied, "the next pass goes back to the source")
  }
}
