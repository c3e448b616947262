// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// An entry of the tomb that `gateway.auth.token` names: what becomes of it reaches a running gateway
/// by itself.
@Suite(.serialized) struct SecretRotationTests {
  /// The appliance looks every 5 seconds.
  private static let limit: Duration = .seconds(15)

  private let appliance: RunningAppliance
  private let first = SecretRotationTests.value()

  init() async throws {
    appliance = try RunningAppliance(name: "rotation")
    #expect(try appliance.run("tomb", "init").code == 0)
    let text = RunningAppliance.yaml(port: appliance.port, dashboardPort: appliance.dashboardPort)
    let changed = text.replacingOccurrences(
      of: "env:KAFCLAW_GATEWAY_AUTH_TOKEN", with: "tomb:chat")
    try appliance.repository.commit(["kafclaw.yaml": changed])
    try change("set", to: first)
    try await appliance.startReady(environment: [:])
    #expect(try await appliance.answer(to: first) == 200)
  }

  private static func value() -> String { "\(UUID().uuidString)-\(UUID().uuidString)" }

  private func change(_ deed: String, to value: String) throws {
    let result = try Program.run(
      ["tomb", deed, "chat"], home: appliance.home, input: value)
    #expect(result.code == 0, "\(result.errors)")
  }

  /// Asked with what was accepted so far: that makes no failures before it is refused.
  private func ends(_ token: String) async -> Bool {
    // `try?`: no answer is no refusal.
    await eventually(within: Self.limit) { (try? await appliance.answer(to: token)) == 401 }
  }

  @Test func newValueReachesTheGatewayWithoutARestart() async throws {
    let before = try appliance.status()
    var present = first
    for deed in ["rotate", "set", "rotate"] {
      let next = Self.value()
      try change(deed, to: next)
      #expect(await ends(present), "\(deed)")
      #expect(try await appliance.answer(to: next) == 200, "\(deed)")
      #expect(try appliance.verify(present).code == 1)
      #expect(try appliance.verify(next).code == 0)
      present = next
    }
    let after = try appliance.status()
    #expect(after.ready && after.tokens?.source == "declared")
    #expect(before.pid("gateway") == after.pid("gateway"))
    #expect(before.revisions.applied == after.revisions.applied)
    // What was taken out of use does not come back with its value.
    try change("set", to: first)
    #expect(await ends(present))
    #expect(try await appliance.answer(to: first) == 401)
    #expect(try appliance.status().tokens?.isVariableStale == true)
    appliance.stop()
  }

  /// What is gone is not accepted any more, and does not keep what is revoked from being refused.
  @Test func removedValueIsRefusedAndHoldsNothingUp() async throws {
    let client = try appliance.makeToken("generate", "ci")
    #expect(try await appliance.answer(to: client) == 200)
    #expect(try appliance.run("tomb", "remove", "chat").code == 0)
    #expect(await ends(first))
    let tokens = try #require(try appliance.status().tokens)
    #expect(tokens.source == "none" && tokens.clients == ["ci"])
    #expect(tokens.problem?.contains("tomb:chat") == true)
    #expect(try await appliance.answer(to: client) == 200)
    #expect(try appliance.run("token", "revoke", "ci").code == 0)
    #expect(try await appliance.answer(to: client) == 401)
    // The next value is accepted as if nothing had been.
    let next = Self.value()
    try change("set", to: next)
    #expect(await eventually(within: Self.limit) { (try? appliance.accepts(next)) == true })
    #expect(try appliance.status().tokens?.problem == nil)
    appliance.stop()
  }

  /// A value that is too weak takes nobody's place.
  @Test func weakValueIsNotAccepted() async throws {
    let weak = "only-nineteen-chars"
    try change("set", to: weak)
    #expect(await ends(first))
    #expect(try await appliance.answer(to: weak) == 401)
    let problem = try appliance.status().tokens?.problem ?? ""
    #expect(problem.contains("is too weak") && !problem.contains(weak), "\(problem)")
    #expect(try !appliance.logText.contains(weak))
    #expect(try appliance.verify(weak).code == 1)
    try change("set", to: first)
    #expect(await eventually(within: Self.limit) { (try? appliance.accepts(first)) == true })
    appliance.stop()
  }
}
