// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Who writes or asks for too much is refused, also after a restart.
@Suite(.serialized, .appliance("limits", "senders: {owners: [olga], internal: [ines]}\n"))
struct LimitTests {
  private let appliance: RunningAppliance

  init() throws { appliance = try #require(ApplianceScope.current) }

  /// Stops and kills the appliance, and looks after each start.
  private func acrossRestarts(_ look: () async throws -> Void) async throws {
    #expect(appliance.stop() == 0)
    try await appliance.startReady()
    try await look()
    appliance.killSupervisor()
    try await appliance.startReady()
    try await look()
  }

  @Test("a sender's messages are limited in their rate, across restarts")
  func rateIsLimited() async throws {
    try appliance.change(
      appliance.yaml("senders: {owners: [olga], limits: {messagesPerMinute: 1, burst: 3}}\n"))
    for _ in 0..<3 { #expect(try await appliance.ask("hello", from: "alice").status == 200) }
    let refuse = {
      let answer = try await appliance.ask("hello", from: "alice", in: "other")
      #expect(answer.status == 429)
      #expect(answer.value("type") == "urn:kafclaw:problem:rate-limited")
      #expect((1...60).contains(answer.headers.first(name: "Retry-After").flatMap { Int($0) } ?? 0))
    }
    try await refuse()
    #expect(try await appliance.ask("hello", from: "olga").status == 200)
    for _ in 0..<4 { #expect(try await appliance.ask("hello").status == 200) }
    try await acrossRestarts(refuse)
  }

  /// A limit of tokens, and whom it binds beside who used them.
  enum TokenLimit: String, CaseIterable, Sendable {
    // First: what others use counts for the whole appliance too.
    case appliance
    case sender
    case channel

    /// More than one long message, and less than it and another one.
    static let tokens = 7_600

    func fields(of appliance: RunningAppliance) -> String {
      switch self {
      case .sender:
        appliance.yaml(
          "senders: {owners: [olga], internal: [ines], limits: {dailyTokens: \(Self.tokens)}}\n")
      case .channel:
        appliance.yaml("senders: {owners: [olga], internal: [ines]}\n").replacingOccurrences(
          of: "web: {type: web, ", with: "web: {type: web, dailyTokenLimit: \(Self.tokens), ")
      case .appliance:
        appliance.yaml(
          "senders: {owners: [olga], internal: [ines]}\n"
            + "agent: {dailyTokenLimit: \(Self.tokens)}\n")
      }
    }

    var words: String { self == .appliance ? "this appliance" : "this \(rawValue)" }
  }

  @Test("tokens of a day are limited, across restarts", arguments: TokenLimit.allCases)
  func tokensAreLimited(limit: TokenLimit) async throws {
    try appliance.change(limit.fields(of: appliance))
    let name = limit.rawValue
    let long = String(repeating: "word ", count: 1_200)
    let first = try await appliance.ask(long, from: "ines", in: name)
    #expect(first.value("reply")?.contains("you said") == true, "\(first.body.prefix(300))")
    let refuse = { (sender: String) in
      let answer = try await appliance.ask("hello", from: sender, in: "\(name)-2")
      #expect(
        answer.value("reply")?.contains(
          "the daily token limit of \(limit.words) (\(TokenLimit.tokens)) would be exceeded")
          == true, "\(answer.body)")
    }
    try await refuse("ines")
    if limit == .sender {
      let other = try await appliance.ask("hello", from: "olga", in: name)
      #expect(other.value("reply")?.contains("you said") == true, "\(other.body)")
    } else {
      try await refuse("olga")
    }
    try await acrossRestarts { try await refuse("ines") }
  }
}
