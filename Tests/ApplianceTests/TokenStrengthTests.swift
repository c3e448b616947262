// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Tokens that are too easy to guess are refused wherever they resolve, and never repeated.
@Suite(.serialized) struct TokenStrengthTests {
  private static let weak = [
    ("Tr0ub4dor&3", "characters, not at least"),
    ("long-random-token-long-random-token!", "a placeholder from documentation"),
    ("zqzqzqzqzqzqzqzqzqzqzqzqzqzqzqzqzqzqzq", "it repeats itself"),
    ("aqzkqakzzakqkqazkzaqazqkaqkzakqzqkza", "its characters are not random"),
  ]

  private let appliance: RunningAppliance

  init() throws { appliance = try RunningAppliance(name: "weak") }

  private func variables(_ token: String) -> [String: String] {
    ["KAFCLAW_GATEWAY_AUTH_TOKEN": token]
  }

  @Test(arguments: weak)
  func applyIsHeldAndSaysWhy(token: String, why: String) throws {
    for words in [["apply"], ["apply", "--json"], ["apply", "--dry-run"], ["run", "--once"]] {
      let result = try Program.run(
        words, home: appliance.home, environment: variables(token))
      let text = result.output + result.errors
      #expect(words[0] == "apply" ? result.code == 10 : result.code != 0, "\(words): \(text)")
      #expect(!text.contains(token), "\(words)")
      guard words[0] == "apply" else { continue }
      #expect(text.contains("is too weak: ") && text.contains(why), "\(words): \(text)")
      #expect(text.contains("kafclaw token generate"))
    }
    #expect(!FileManager.default.fileExists(atPath: "\(appliance.home)/.kafclaw/config.json"))
    let strong = try Program.run(
      ["apply"], home: appliance.home, environment: variables(appliance.token))
    #expect(strong.code == 0, "\(strong.errors)")
  }

  @Test func gatewayDoesNotServeAWeakToken() async throws {
    let weak = Self.weak[0].0
    try appliance.start(environment: variables(weak))
    // `try?`: there is no status until it listens.
    #expect(await eventually { (try? isHeld()) == true })
    let status = try appliance.status()
    #expect(!status.ready)
    #expect(status.components.filter { $0.health == "healthy" }.isEmpty)
    let held = status.conditions.first { $0.type == "Held" }?.message ?? ""
    #expect(held.contains("is too weak") && !held.contains(weak), "\(held)")
    #expect(await !isLetIn(weak))
    #expect(appliance.stop() == 0)
    #expect(try !appliance.logText.contains(weak))
  }

  private func isLetIn(_ token: String) async -> Bool {
    // `try?`: where nobody listens nobody is let in.
    let answer = try? await appliance.request(
      .GET, "/api/v1/status", port: appliance.dashboardPort, token: token, seconds: 2)
    return answer?.status == 200
  }

  private func isHeld() throws -> Bool {
    try appliance.status().conditions.contains { $0.type == "Held" }
  }

  /// A state that was applied with a strong token is not served with a weak one.
  @Test func weakTokenIsNotServedAfterARestartEither() async throws {
    try await appliance.startReady()
    #expect(appliance.stop() == 0)
    let weak = Self.weak[1].0
    try appliance.start(environment: variables(weak))
    // `try?`: there is no status until it listens.
    #expect(await eventually { (try? isHeld()) == true })
    #expect(await !isLetIn(weak))
    #expect(appliance.stop() == 0)
  }

  @Test func madeTokenNeedsNoVariable() async throws {
    #expect(try appliance.run("apply").code == 10)
    #expect(try appliance.run("tomb", "init").code == 0)
    let token = try appliance.makeToken("generate")
    #expect(try appliance.run("apply").code == 0)
    try await appliance.startReady(environment: [:])
    #expect(try await appliance.answer(to: token) == 200)
    let tokens = try #require(try appliance.status().tokens)
    #expect(tokens.source == "tomb" && !tokens.isVariableStale && tokens.problem == nil)
    #expect(appliance.stop() == 0)
  }

  /// It takes the place of a weak variable too, which is called stale.
  @Test func madeTokenStandsForAWeakVariable() async throws {
    #expect(try appliance.run("tomb", "init").code == 0)
    let token = try appliance.makeToken("generate")
    let weak = Self.weak[2].0
    try await appliance.startReady(environment: variables(weak))
    #expect(try await appliance.answer(to: token) == 200)
    #expect(try await appliance.answer(to: weak) == 401)
    #expect(try appliance.status().tokens?.isVariableStale == true)
    #expect(appliance.stop() == 0)
  }
}
