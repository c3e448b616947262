// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

/// What the timeline does with a decision on a message.
struct AccessTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  @Test(
    "a denial is told in the sender's words",
    arguments: [
      (AccessDecision.Reason.unknownChannel, Admission.Denial.unknownSender),
      (.unknownSender, .unknownSender), (.senderDenied, .senderDenied),
      (.channelDisabled, .channelDisabled), (.mentionRequired, .mentionRequired),
      (.open, .unknownSender),
    ])
  func mapsReasons(reason: AccessDecision.Reason, denial: Admission.Denial) async throws {
    try await withStore(path) { store in
      for verdict in [AccessDecision.Verdict.denied, .needsApproval] {
        let admission = try await store.admit(.delivered(by: "U1"), at: .noon, limits: .wide) {
          _, _ in
          AdmissionVerdict(
            decision: AccessDecision(verdict, reason, rule: "r"), session: SessionKey(rawValue: "s")
          )
        }
        #expect(admission == .denied(denial))
      }
      #expect(try await store.count("inbound") == 0)
    }
  }

  @Test("what was decided is stored with the message and handed to its turn")
  func storesTheDecision() async throws {
    let place = InboundMessage.Place(account: "bot", room: "R1", thread: "T", isMention: true)
    let message = InboundMessage(
      channel: "team", client: "channel:team", sender: "U1", session: "a/b", text: "hello",
      idempotencyKey: "1", place: place, isFromBot: true)
    let decision = AccessDecision(
      .permitted, .listed, rule: "channels.team.allow", entry: "U1", tier: .external)
    try await withStore(path) { store in
      let admission = try await store.admit(message, at: .noon, limits: .wide) { _, _ in
        AdmissionVerdict(decision: decision, session: SessionKey(rawValue: "team/R1"))
      }
      guard case .stored(let status, isRepeat: false) = admission else {
        Issue.record("\(admission)")
        return
      }
      #expect(status.session == "a/b")
      let work = try #require(try await store.lease(to: "w"))
      #expect(work.session.rawValue == "team/R1" && work.senderTier == .external)
      #expect(work.principal == message.principal && work.isFromBot)
      let found = try await store.status(of: work.id, client: message.client)
      #expect(found?.session == "a/b" && found?.state == .processing)
      let row = try await store.rows("SELECT place, decision FROM inbound")
      let texts = [String(decoding: try ApplianceJSON.encode(place), as: UTF8.self)]
      #expect(row.first?.hasPrefix(texts[0]) == true)
      #expect(row.first?.contains("channels.team.allow") == true)
    }
  }

  @Test("a message whose tier nobody named has the lowest one")
  func lowestTier() async throws {
    try await withStore(path) { store in
      _ = try await store.admit(.delivered(by: "U1"), at: .noon, limits: .wide) { _, _ in
        AdmissionVerdict(
          decision: AccessDecision(.permitted, .open, rule: "r"), session: SessionKey(rawValue: "s")
        )
      }
      #expect(try await store.lease(to: "w")?.senderTier == .unknown)
    }
  }

  @Test("denials are recorded with what decided")
  func recordsDenials() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", AccessRules.Channel(allow: ["U1"], deny: ["U3"]))
      try await store.setChannel("ops", policy: .disabled, senders: ["U1"])
      for message in [
        InboundMessage.delivered(by: "U2"), .delivered(by: "U1", on: "ops"), .delivered(by: "U3"),
      ] {
        guard case .denied = try await store.admit(message, at: .noon) else {
          Issue.record("\(message) was admitted")
          return
        }
      }
      let rows = try await store.rows(
        "SELECT at, channel, client, sender, reason, rule, entry FROM denial ORDER BY sequence")
      #expect(
        rows == [
          "1750000000.0 team channel:team U2 unknown-sender channels.team.dmPolicy NULL",
          "1750000000.0 ops channel:ops U1 channel-disabled channels.ops.dmPolicy NULL",
          "1750000000.0 team channel:team U3 sender-denied senders.denied U3",
        ])
      #expect(
        try await store.denialTotals()
          == ["unknown-sender": 1, "channel-disabled": 1, "sender-denied": 1])
    }
  }

  @Test("a denied message may come again")
  func deniedMessageComesAgain() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: .allowlist, senders: [])
      #expect(try await store.admit(.delivered(by: "U1"), at: .noon) == .denied(.unknownSender))
      try await store.setChannel("team", policy: .allowlist, senders: ["U1"])
      try await store.queue(.delivered(by: "U1"))
      try await store.setChannel("team", nil)
      let later = try await store.admit(.delivered(by: "U1", key: "2"), at: .noon)
      #expect(later == .denied(.unknownSender))
    }
  }

  @Test("a judge that fails admits nobody")
  func failingJudge() async throws {
    try await withStore(path) { store in
      let code = await errorCode {
        _ = try await store.admit(.delivered(by: "U1"), at: .noon, limits: .wide) { _, _ in
          throw ApplianceError(.inconsistent, "cannot judge")
        }
      }
      #expect(code == .inconsistent)
      let rows = try await store.rows("SELECT 1 FROM inbound UNION SELECT 1 FROM access_decision")
      #expect(rows == [])
    }
  }

  @Test("a zero makes no sender another")
  func zeroBytes() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: .open, senders: [])
      for sender in ["U1\u{0}x", "U2\u{0}", "\u{0}U1"] {
        let code = await errorCode { try await store.queue(.delivered(by: sender)) }
        #expect(code == .malformed)
      }
      let place = InboundMessage.Place(room: "R\u{0}")
      let message = InboundMessage(
        channel: "team", client: "c", sender: "U1", session: "", text: "", idempotencyKey: "1",
        place: place)
      #expect(await errorCode { try await store.queue(message) } == .malformed)
      #expect(try await store.count("inbound") == 0)
    }
  }

  @Test("another room makes another message of a used key")
  func placeIsContent() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: .open, senders: [])
      func message(_ room: String?) -> InboundMessage {
        InboundMessage(
          channel: "team", client: "c", sender: "U1", session: "", text: "x", idempotencyKey: "1",
          place: InboundMessage.Place(room: room))
      }
      let first = try await store.queue(message("R1"))
      #expect(try await store.admit(message("R1"), at: .noon) == .stored(first, isRepeat: true))
      #expect(try await store.admit(message("R2"), at: .noon) == .denied(.keyReused))
      #expect(try await store.admit(message(nil), at: .noon) == .denied(.keyReused))
    }
  }
}
