// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Whoever guesses tokens is locked out, and whoever was known before is not.
@Suite(.serialized) struct LockoutTests {
  private typealias Knock = RunningAppliance.Knock

  private let appliance: RunningAppliance
  /// A client with the right token that comes to no network before it is locked out.
  private let stranger: String

  init() async throws {
    appliance = try RunningAppliance(name: "lockout")
    #expect(try appliance.run("tomb", "init").code == 0)
    stranger = try appliance.makeToken("generate", "stranger")
    try await appliance.startReady()
  }

  private func wrong() -> String { "wrong-\(UUID().uuidString)-\(UUID().uuidString)" }

  private func status(of token: String, from network: String) throws -> Int {
    try #require(try appliance.knock([Knock(token, from: network)]).first).status
  }

  @Test func tenFailuresLockANetworkOutAcrossRestarts() async throws {
    let network = LoopbackAddress.next()
    #expect(try status(of: appliance.token, from: network) == 200)
    let answers = try appliance.knock((0..<12).map { _ in Knock(wrong(), from: network) })
    #expect(answers.map(\.status) == Array(repeating: 401, count: 9) + [429, 429, 429])
    #expect(answers.map { $0.retryAfter == nil } == answers.map { $0.status == 401 })
    try requireLocked(network)
    #expect(appliance.stop() == 0)
    try await appliance.startReady()
    try requireLocked(network)
    appliance.killSupervisor()
    try await appliance.startReady()
    try requireLocked(network)
    let pid = try #require(try appliance.status().pid("gateway"))
    kill(Int32(pid), SIGKILL)
    // `try?`: there may be no answer while it is started again.
    #expect(
      await eventually {
        let status = try? appliance.status()
        return status?.ready == true && status?.pid("gateway") != pid
      })
    try requireLocked(network)
    appliance.stop()
  }

  /// The first lock-out lasts a minute, longer than all of this.
  private func requireLocked(_ network: String) throws {
    let answers = try appliance.knock(
      [stranger, wrong(), appliance.token].map { Knock($0, from: network) } + [Knock(stranger)])
    #expect(answers.map(\.status) == [429, 429, 200, 200])
    for answer in answers.prefix(2) { #expect((1...60).contains(answer.retryAfter ?? 0)) }
  }

  /// Also one that was not heard of since the start.
  @Test func clientOfAnEarlierRunIsNotLockedOut() async throws {
    let network = LoopbackAddress.next()
    #expect(try status(of: appliance.token, from: network) == 200)
    appliance.killSupervisor()
    try await appliance.startReady()
    _ = try appliance.knock((0..<10).map { _ in Knock(wrong(), from: network) })
    #expect(try status(of: stranger, from: network) == 429)
    // `try?`: no answer is no welcome.
    #expect(await eventually { (try? status(of: appliance.token, from: network)) == 200 })
    appliance.stop()
  }

  /// A request without credentials is no guess.
  @Test func whoPresentsNothingIsNotLockedOut() throws {
    let network = LoopbackAddress.next()
    let answers = try appliance.knock((0..<30).map { _ in Knock("", from: network) })
    #expect(answers.count == 30 && answers.allSatisfy { $0.status == 401 })
    #expect(try status(of: stranger, from: network) == 200)
    appliance.stop()
  }
}
