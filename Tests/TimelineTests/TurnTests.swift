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
        try await converse("question \(index)", reply: "answer \(index)", in: "s", with: store)
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
      try await converse("mine", reply: "yes", in: "a", with: store)
      try await converse("other", reply: "no", in: "b", with: store)
      try await store.queue(.example("next", key: "next", session: "a"))
      let work = try #require(try await store.lease(to: "w"))
      #expect(work.history == [Exchange(text: "mine", reply: "yes")])
    }
  }

  @Test func keepsEveryCharacterOfTextAndReply() async throws {
    let text = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} e\u{301} \u{E9} \r\n '\"; --"
    try await withStore(path) { store in
      try await converse(text, reply: text, in: "s", with: store)
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

  private func converse(
    _ text: String, reply: String, in session: String, with store: TimelineStore
  ) async throws {
    try await store.queue(.example(text, key: text, session: session))
    let work = try #require(try await store.lease(to: "w"))
    #expect(Array(work.text.utf8) == Array(text.utf8))
    try await store.answer(work, by: "w", reply)
  }
}
