// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// `kill -9` at random moments while tokens are changed: what `kafclaw token` then says is what the
/// gateway does.
@Suite(.serialized) struct TokenCrashTests {
  private static let rounds = 8
  /// About as long as a command takes. Milliseconds.
  private static let moments = 0..<500

  /// What was shown so far.
  private struct Shown {
    var tokens: [String]
    var clients: Set<String> = ["gateway"]
  }

  private let appliance: RunningAppliance

  init() async throws {
    appliance = try RunningAppliance(name: "token-crash")
    #expect(try appliance.run("tomb", "init").code == 0)
    try await appliance.startReady()
  }

  @Test(arguments: ["appliance", "command"])
  func whatIsAcceptedIsWhatIsSaid(victim: String) async throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "token crash, \(victim)"))
    var shown = Shown(tokens: [appliance.token])
    for round in 1...Self.rounds {
      let words = deed(round, of: shown, &random)
      try await strike(victim, during: words, &shown, &random)
      try await requireAgreement(on: shown, "round \(round): \(words)")
    }
    #expect(appliance.stop() == 0)
    let verified = try appliance.run("audit", "verify")
    #expect(verified.code == 0, "\(verified.output)")
    #expect(try appliance.run("tomb", "verify").code == 0)
  }

  private func deed(
    _ round: Int, of shown: Shown, _ random: inout SplitMix64
  ) -> [String] {
    let name = shown.clients.sorted().randomElement(using: &random) ?? "gateway"
    return switch Int.random(in: 0..<5, using: &random) {
    case 0: ["generate", "client-\(round)"]
    case 1 where name != "gateway": ["revoke", name]
    case 2: ["rotate", name, "--overlap", "1h"]
    default: ["rotate", name]
    }
  }

  /// Runs a command, and kills it or the appliance at a random moment.
  private func strike(
    _ victim: String, during words: [String], _ shown: inout Shown, _ random: inout SplitMix64
  ) async throws {
    let moment = Int.random(in: Self.moments, using: &random)
    let command = try Program.start(["token"] + words, home: appliance.home)
    try await ContinuousClock().sleep(for: .milliseconds(moment))
    if victim == "command" {
      command.cut()
    } else {
      appliance.killSupervisor()
    }
    let result = try command.wait()
    if words[0] == "generate" { shown.clients.insert(words[1]) }
    // Half a line is no token.
    if result.output.hasSuffix("\n") {
      shown.tokens += result.output.split(separator: "\n").map(String.init)
        .filter { $0.hasPrefix("kafclaw_") }
    }
    if victim == "appliance" { try await appliance.startReady() }
  }

  /// Every token is accepted or refused as `token verify` says, at the latest after the appliance has
  /// looked by itself, and then stays so.
  private func requireAgreement(on shown: Shown, _ place: String) async throws {
    let said = try shown.tokens.map { try appliance.verify($0) }
    #expect(said.allSatisfy { $0.code == 0 || $0.code == 1 })
    let expected = said.map { $0.code == 0 }
    // `try?`: no answer is no agreement.
    #expect(
      await eventually(within: .seconds(15)) { (try? accepted(shown.tokens)) == expected },
      "\(place)")
    #expect(try accepted(shown.tokens) == expected, "\(place)")
    let owners = Set(said.compactMap { owner($0.output) })
    let listed = try clients()
    #expect(owners.isSubset(of: listed.union(["gateway"])), "\(place): \(owners), \(listed)")
  }

  private func accepted(_ tokens: [String]) throws -> [Bool] {
    try appliance.knock(tokens.map { RunningAppliance.Knock($0) }).map { $0.status == 200 }
  }

  private func owner(_ verdict: String) -> String? {
    verdict.firstMatch(of: /^accepted: ([a-z0-9-]+),/).map { String($0.1) }
  }

  /// Clients of `token list`.
  private func clients() throws -> Set<String> {
    struct List: Decodable {
      struct Client: Decodable { let name: String }
      let clients: [Client]
    }
    let list = try appliance.run("token", "list", "--json")
    #expect(list.code == 0, "\(list.errors)")
    return Set(
      try JSONDecoder().decode(List.self, from: Data(list.output.utf8)).clients.map(\.name))
  }
}
