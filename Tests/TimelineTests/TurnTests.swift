// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Timeline

/// What a turn leaves behind for the next one.
struct TurnTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  static let steps: [TurnStep] = [
    .intent(ToolCall(index: 0, tool: "read_file", arguments: ["path": "größe \"x\" \n.md"])),
    .result(index: 0, .success("line\u{0}\u{1F600}\r\n")),
    .intent(
      ToolCall(index: 1, tool: "write_file", arguments: ["deep": ["list": [1, .null, true]]])),
    .result(index: 1, .failure("")),
    .intent(ToolCall(index: 2, tool: "", arguments: .null)),
    .result(index: 2, .outcomeUnknown),
  ]

  @Test func stepsComeBackInOrder() async throws {
    try await withStore(path) { store in
      try await store.queue(.example(key: "1"))
      let first = try #require(try await store.lease(to: "w"))
      for step in Self.steps.prefix(4) { try await store.record(step, of: first.id, by: "w") }
      try await store.releaseLeases(of: "w", at: .noon)
      let second = try #require(try await store.lease(to: "v"))
      #expect(second.attempt == 2)
      #expect(second.steps == Array(Self.steps.prefix(4)))
      for step in Self.steps.dropFirst(4) { try await store.record(step, of: first.id, by: "v") }
      try await store.releaseLeases(of: "v", at: .noon)
      #expect(try await store.lease(to: "w")?.steps == Self.steps)
    }
  }

  @Test func stepsSurviveARestart() async throws {
    try await withStore(path) { store in
      try await store.queue(.example(key: "1"))
      let work = try #require(try await store.lease(to: "w"))
      for step in Self.steps { try await store.record(step, of: work.id, by: "w") }
    }
    try await withStore(path) { store in
      try await store.releaseLeases(of: nil, at: .noon)
      #expect(try await store.lease(to: "w")?.steps == Self.steps)
    }
  }

  @Test func stepsBelongToTheirMessage() async throws {
    try await withStore(path) { store in
      for name in ["a", "b"] { try await store.queue(.example(name, key: name, session: name)) }
      let a = try #require(try await store.lease(to: "w"))
      let b = try #require(try await store.lease(to: "w"))
      try await store.record(Self.steps[0], of: a.id, by: "w")
      try await store.record(Self.steps[2], of: b.id, by: "w")
      try await store.record(Self.steps[1], of: a.id, by: "w")
      try await store.releaseLeases(of: "w", at: .noon)
      #expect(try await store.lease(to: "w")?.steps == [Self.steps[0], Self.steps[1]])
      #expect(try await store.lease(to: "w")?.steps == [Self.steps[2]])
    }
  }

  @Test func historyHoldsTheLatestExchangesOldestFirst() async throws {
    let count = TimelineStore.historyLimit + 5
    try await withStore(path) { store in
      for index in 1...count {
        try await store.converse("question \(index)", "answer \(index)", session: "s")
      }
      try await store.queue(.example("last", key: "last", session: "s"))
      let work = try #require(try await store.lease(to: "w"))
      let wanted = (count - TimelineStore.historyLimit + 1...count).map {
        Exchange(text: "question \($0)", reply: "answer \($0)")
      }
      #expect(work.history == wanted)
    }
  }

  @Test func historyStaysInItsSession() async throws {
    try await withStore(path) { store in
      try await store.converse("mine", "yes", session: "a")
      try await store.converse("other", "no", session: "b")
      try await store.queue(.example("next", key: "next", session: "a"))
      let work = try #require(try await store.lease(to: "w"))
      #expect(work.history == [Exchange(text: "mine", reply: "yes")])
    }
  }

  @Test func keepsEveryCharacterOfTextAndReply() async throws {
    let text = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} e\u{301} \u{E9} \r\n '\"; --"
    try await withStore(path) { store in
      try await store.converse(text, text, session: "s")
      let again = try await store.admit(.example(text, key: text, session: "s"), at: .noon)
      guard case .stored(let status, isRepeat: true) = again else {
        Issue.record("\(again)")
        return
      }
      #expect(status.reply.map { Array($0.utf8) } == Array(text.utf8))
    }
  }

  /// SQLite's text functions end at a zero byte.
  @Test func neverCutsATextAtAZero() async throws {
    try await withStore(path) { store in
      let message = InboundMessage.example("before\u{0}after", key: "1")
      guard await errorCode(of: { try await store.queue(message) }) == nil else { return }
      let work = try #require(try await store.lease(to: "w"))
      #expect(work.text == message.text)
    }
  }

  @Test("a turn inherits the taint of the exchanges it sees, and of no others")
  func taintIsInherited() async throws {
    try await withStore(path) { store in
      try await store.converse("1", "a", session: "s", taint: [.web, .files])
      try await store.converse("2", "b", session: "s", taint: [.bots])
      #expect(try await store.converse("x", "c", session: "other").taint == [])
      #expect(try await store.converse("3", "c", session: "s").taint == [.web, .files, .bots])
      for index in 4..<(3 + TimelineStore.historyLimit) {
        try await store.converse("\(index)", "d", session: "s")
      }
      let last = try await store.converse("last", "e", session: "s")
      #expect(last.history.first?.text == "3" && last.taint == [])
    }
  }

  @Test(
    "what others of a lower tier wrote in a conversation taints it",
    arguments: [("other", "unknown", true), ("other", "owner", false), (nil, "unknown", false)])
  func lowerSenders(sender: String?, tier: String, isTainted: Bool) async throws {
    try await withStore(path) { store in
      try await store.converse("1", "a", session: "s")
      try await store.pool.write {
        try $0.execute(
          sql: "UPDATE inbound SET tier = ?, sender = ifnull(?, sender)", arguments: [tier, sender])
      }
      let work = try await store.converse("2", "b", session: "s")
      #expect(work.senderTier > .unknown)
      #expect(work.taint == (isTainted ? [.senders] : []))
      #expect(try await store.converse("3", "c", session: "t").taint == [])
    }
  }

  @Test(
    "tokens of a turn come back, whatever a provider claims",
    arguments: [
      (4_000_000, 4_000_000), (.max, BudgetRows.entryLimit), (-1, 0), (.min, 0),
    ])
  func tokens(claimed: Int, kept: Int) async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      let usage = TokenUsage(input: claimed, output: claimed)
      try await store.finish(work.id, by: "w", reply: "x", usage: usage, at: .noon)
      let status = try await store.status(of: work.id, client: "token:gateway")
      #expect(status?.usage == TokenUsage(input: kept, output: kept))
    }
  }

  @Test("taint that cannot be understood is all of it")
  func unknownTaint() async throws {
    try await withStore(path) { store in
      try await store.converse("1", "a", session: "s", taint: [.web])
      try await store.pool.write {
        try $0.execute(sql: "UPDATE inbound SET taint = '[\"moon\"]'")
      }
      let work = try await store.converse("2", "b", session: "s")
      #expect(work.taint == Set(TaintSource.allCases))
    }
  }
}
