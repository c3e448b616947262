// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Timeline

extension TimelineStore {
  /// Queues messages of one client; the text is the number.
  func fill(_ count: Int, client: String, session: @Sendable (Int) -> String) async throws {
    try await fill((0..<count).map { ($0, client, session($0)) })
  }

  /// Queues messages of many clients, spread evenly over them and their sessions.
  func fill(_ count: Int, clients: Int, sessions: Int) async throws {
    try await fill(
      (0..<count).map { ($0, "c\($0 % clients)", "s\($0 / clients % sessions)") })
  }

  private func fill(_ messages: [(Int, client: String, session: String)]) async throws {
    let width = 250
    for start in stride(from: 0, to: messages.count, by: width) {
      // Their order in the queue is that of the numbers only within one client and session, for
      // which tasks of one group are too quick; so each batch is one transaction.
      let batch = messages[start..<min(start + width, messages.count)]
      try await commits.perform { db in
        for (number, client, session) in batch {
          let message = InboundMessage.example(
            "\(number)", key: "fill \(client) \(session) \(number)", session: session,
            client: client)
          let principal = try PrincipalRow.of(message.principal, at: .noon, in: db)
          _ = try InboxRows.insert(
            message, as: MessageID(rawValue: message.idempotencyKey),
            TraceID(rawValue: "t"), TestJudge.verdict(on: message, by: AccessRules()),
            of: principal.id, at: .noon, in: db)
        }
      }
    }
  }

  func leaseMany(_ count: Int) async throws -> [Work] {
    try await withThrowingTaskGroup(of: Work?.self) { group in
      for _ in 0..<count { group.addTask { try await self.lease(to: "w") } }
      return try await group.reduce(into: []) { works, work in work.map { works.append($0) } }
    }
  }

  func answerMany(_ works: [Work]) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for work in works { group.addTask { try await self.answer(work, by: "w", "done") } }
      try await group.waitForAll()
    }
  }

  /// One exchange from message to reply.
  @discardableResult
  func converse(
    _ text: String, _ reply: String, session: String, taint: Set<TaintSource> = []
  ) async throws -> Work {
    try await queue(.example(text, key: text, session: session))
    let work = try #require(try await lease(to: "w"))
    #expect(Array(work.text.utf8) == Array(text.utf8))
    try await finish(
      work.id, by: "w", reply: reply, usage: TokenUsage(), taint: taint, at: .noon)
    return work
  }
}
