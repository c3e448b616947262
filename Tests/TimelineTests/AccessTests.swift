// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Timeline

/// Who may write, and with which trust.
struct AccessTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// `nil` for a channel that is not there.
    let policy: String?
    var isListed = false
    var tier: String?
    let verdict: Verdict
  }

  enum Verdict: Equatable, Sendable {
    case admitted(SenderTier)
    case denied(Admission.Denial)
  }

  static let cases: [Case] = [
    Case(
      testDescription: "no channel", policy: nil, isListed: true, tier: "owner",
      verdict: .denied(.unknownSender)),
    Case(
      testDescription: "disabled beats the list", policy: "disabled", isListed: true,
      verdict: .denied(.channelDisabled)),
    Case(
      testDescription: "disabled beats the tier", policy: "disabled", tier: "owner",
      verdict: .denied(.channelDisabled)),
    Case(
      testDescription: "nobody knows the sender", policy: "allowlist",
      verdict: .denied(.unknownSender)),
    Case(
      testDescription: "listed", policy: "allowlist", isListed: true,
      verdict: .admitted(.external)),
    Case(
      testDescription: "owner", policy: "allowlist", tier: "owner", verdict: .admitted(.owner)),
    Case(
      testDescription: "internal", policy: "allowlist", tier: "internal",
      verdict: .admitted(.internal)),
    Case(
      testDescription: "the tier beats the list", policy: "allowlist", isListed: true,
      tier: "owner", verdict: .admitted(.owner)),
    Case(
      testDescription: "an unknown tier is the lowest", policy: "allowlist", tier: "emperor",
      verdict: .admitted(.external)),
    Case(testDescription: "open", policy: "open", verdict: .admitted(.external)),
    Case(
      testDescription: "open, owner", policy: "open", tier: "owner", verdict: .admitted(.owner)),
    Case(
      testDescription: "an unknown policy", policy: "everybody", verdict: .denied(.unknownSender)),
  ]

  @Test(arguments: AccessTests.cases)
  func judgesSenders(example: Case) async throws {
    try await withStore(path) { store in
      let senders: Set<String> = example.isListed ? ["U1", "U2"] : ["U2"]
      try await store.setChannel("team", policy: example.policy, senders: senders)
      try await store.setTiers(example.tier.map { ["U1": $0, "U2": "owner"] } ?? [:])
      let admission = try await store.admit(.delivered(by: "U1"), at: .noon)
      switch example.verdict {
      case .denied(let reason):
        #expect(admission == .denied(reason))
        #expect(try await store.count("inbound") == 0)
      case .admitted(let tier):
        #expect(try await store.lease(to: "w")?.senderTier == tier)
        #expect(try await store.count("denial") == 0)
      }
    }
  }

  @Test(arguments: [("operator", SenderTier.owner), ("token:gateway", .internal), ("", .internal)])
  func trustsClientsThatSpeakForThemselves(client: String, tier: SenderTier) async throws {
    try await withStore(path) { store in
      try await store.setChannel("web", policy: "disabled", senders: [])
      try await store.queue(.example(key: "1", client: client))
      #expect(try await store.lease(to: "w")?.senderTier == tier)
    }
  }

  @Test func recordsDenials() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: "allowlist", senders: ["U1"])
      try await store.setChannel("ops", policy: "disabled", senders: ["U1"])
      for message in [InboundMessage.delivered(by: "U2"), .delivered(by: "U1", on: "ops")] {
        guard case .denied = try await store.admit(message, at: .noon) else {
          Issue.record("\(message) was admitted")
          return
        }
      }
      let rows = try await store.rows(
        "SELECT at, channel, client, sender, reason FROM denial ORDER BY sequence")
      #expect(
        rows == [
          "1750000000.0 team channel:team U2 unknown-sender",
          "1750000000.0 ops channel:ops U1 channel-disabled",
        ])
    }
  }

  @Test func aDeniedMessageMayComeAgain() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: "allowlist", senders: [])
      #expect(try await store.admit(.delivered(by: "U1"), at: .noon) == .denied(.unknownSender))
      try await store.setChannel("team", policy: "allowlist", senders: ["U1"])
      try await store.queue(.delivered(by: "U1"))
      try await store.setChannel("team", policy: nil, senders: ["U1"])
      let later = try await store.admit(.delivered(by: "U1", key: "2"), at: .noon)
      #expect(later == .denied(.unknownSender))
    }
  }

  @Test func aListHoldsForItsChannelOnly() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: "allowlist", senders: ["U1"])
      try await store.setChannel("ops", policy: "allowlist", senders: ["u1", "U1 ", "U"])
      let admission = try await store.admit(.delivered(by: "U1", on: "ops"), at: .noon)
      #expect(admission == .denied(.unknownSender))
    }
  }

  @Test func aZeroMakesNoSenderAnother() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: "allowlist", senders: ["U2"])
      try await store.setTiers(["U1": "owner"])
      for sender in ["U1\u{0}x", "U2\u{0}", "\u{0}U1"] {
        let code = await errorCode { try await store.queue(.delivered(by: sender)) }
        #expect(code != nil, "admitted a sender that is not listed")
      }
      #expect(try await store.count("inbound") == 0)
    }
  }

  @Test func replacesListsAsAWhole() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: "allowlist", senders: ["U1", "U2"])
      try await store.setChannel("ops", policy: "open", senders: ["U3"])
      try await store.setTiers(["U1": "owner", "U2": "internal"])
      try await store.setChannel("team", policy: "open", senders: ["U2", "U4"])
      try await store.setTiers(["U2": "owner"])
      var wanted = AccessLists(
        policies: ["team": "open", "ops": "open"],
        channels: ["team": ["U2", "U4"], "ops": ["U3"]], tiers: ["U2": "owner"])
      #expect(try await store.accessLists() == wanted)
      try await store.setChannel("team", policy: nil, senders: ["U5"])
      try await store.setChannel("absent", policy: nil, senders: [])
      try await store.setTiers([:])
      wanted = AccessLists(policies: ["ops": "open"], channels: ["ops": ["U3"]])
      #expect(try await store.accessLists() == wanted)
    }
  }
}
