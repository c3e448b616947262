// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Synchronization
import TestSupport
import Testing

/// Tokens from `kafclaw token` to a request, and to their end, in a running appliance.
@Suite(.serialized) struct TokenLifeTests {
  private let appliance: RunningAppliance

  init() async throws {
    appliance = try RunningAppliance(name: "token")
    #expect(try appliance.run("tomb", "init").code == 0)
    try await appliance.startReady()
  }

  /// The end of an overlap or a client, and a little more.
  private static let soon: Duration = .seconds(30)

  @Test func rotationWithAnOverlapLosesNoRequest() async throws {
    let first = try appliance.makeToken("rotate")
    let load = Load(first)
    async let ended: Void = send(300, load)
    #expect(await eventually(within: .seconds(120)) { load.statuses.count >= 30 })
    let command = try Program.start(
      ["token", "rotate", "--overlap", "5s"], home: appliance.home)
    // The requests go on meanwhile.
    #expect(await eventually(within: .seconds(120)) { !command.isRunning })
    let second = try command.wait().output.trimmingCharacters(in: .newlines)
    load.use(second)
    try await ended
    #expect(load.statuses.count >= 300)
    #expect(load.statuses.filter { $0 != 200 } == [], "requests were lost")
    // Also where nothing happens any more: its end is known in advance.
    #expect(await refused(first))
    #expect(try await appliance.answer(to: second) == 200)
    #expect(try appliance.verify(first).code == 1)
    #expect(try appliance.verify(second).code == 0)
    appliance.stop()
  }

  /// The token of a client that goes on asking, and how it was answered.
  private final class Load: Sendable {
    private let state: Mutex<(token: String, isSecond: Bool, statuses: [UInt], others: Int)>

    init(_ token: String) { state = Mutex((token, false, [], 0)) }

    var token: String { state.withLock { $0.token } }
    var statuses: [UInt] { state.withLock { $0.statuses } }
    /// Answers since the other token is used.
    var others: Int { state.withLock { $0.others } }

    func use(_ token: String) { state.withLock { ($0.token, $0.isSecond) = (token, true) } }

    func add(_ status: UInt) {
      state.withLock { state in
        state.statuses.append(status)
        if state.isSecond { state.others += 1 }
      }
    }
  }

  /// Goes on until enough were sent, some of them with the other token.
  private func send(_ count: Int, _ load: Load) async throws {
    while load.statuses.count < count || load.others < 50 {
      try Task.checkCancellation()
      load.add(try await appliance.answer(to: load.token))
    }
  }

  private func refused(_ token: String) async -> Bool {
    // `try?`: no answer is no refusal.
    await eventually(within: Self.soon) { (try? await appliance.answer(to: token)) == 401 }
  }

  @Test func formerTokenIsRefusedWhenTheCommandReturns() async throws {
    var former = try appliance.makeToken("rotate")
    for _ in 0..<5 {
      #expect(try await appliance.answer(to: former) == 200)
      let next = try appliance.makeToken("rotate")
      #expect(try appliance.accepts(former) == false)
      #expect(try await appliance.answer(to: next) == 200)
      former = next
    }
    appliance.stop()
  }

  @Test func variableIsNeverAcceptedAgainOnceItWasRotated() async throws {
    #expect(try await appliance.answer(to: appliance.token) == 200)
    #expect(try appliance.status().tokens?.source == "declared")
    let made = try appliance.makeToken("rotate")
    try await requireStale(made)
    #expect(appliance.stop() == 0)
    // The variable is the same.
    try await appliance.startReady()
    try await requireStale(made)
    let words = try appliance.run("status").output
    #expect(words.contains("stale"), "\(words)")
    #expect(appliance.stop() == 0)
  }

  private func requireStale(_ made: String) async throws {
    #expect(try await appliance.answer(to: appliance.token) == 401)
    #expect(try await appliance.answer(to: made) == 200)
    let tokens = try #require(try appliance.status().tokens)
    #expect(tokens.source == "tomb" && tokens.isVariableStale && tokens.clients == ["gateway"])
    #expect(try appliance.verify(appliance.token).code == 1)
  }

  @Test func revokedClientIsRefusedWhenTheCommandReturns() async throws {
    let client = try appliance.makeToken("generate", "ci")
    #expect(try await appliance.answer(to: client) == 200)
    #expect(try appliance.run("token", "revoke", "ci").code == 0)
    #expect(try await appliance.answer(to: client) == 401)
    #expect(try await appliance.answer(to: appliance.token) == 200)
    #expect(try appliance.run("token", "revoke", "gateway").code == 0)
    #expect(try await appliance.answer(to: appliance.token) == 401)
    appliance.killSupervisor()
    try await appliance.startReady()
    #expect(try await appliance.answer(to: client) == 401)
    #expect(try await appliance.answer(to: appliance.token) == 401)
    #expect(try appliance.status().tokens?.source == "none")
    // The operator of this host is nobody's client.
    #expect(try appliance.run("chat", "-m", "hello").code == 0)
    appliance.stop()
  }

  @Test func clientEndsWithoutACommand() async throws {
    let client = try appliance.makeToken("generate", "ci", "--expires", "5s")
    #expect(try await appliance.answer(to: client) == 200)
    #expect(await refused(client))
    #expect(try appliance.verify(client).code == 1)
    #expect(try await appliance.answer(to: appliance.token) == 200)
    // A token that is never accepted is not made.
    let rotated = try appliance.run("token", "rotate", "ci")
    #expect(rotated.code == 1 && rotated.output.isEmpty)
    #expect(rotated.errors.contains("hint: kafclaw token revoke ci"), "\(rotated.errors)")
    appliance.stop()
  }
}
