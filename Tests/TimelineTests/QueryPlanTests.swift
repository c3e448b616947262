// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import GRDB
import TestSupport
import Testing

@testable import Timeline

/// What is asked again and again does not read the whole timeline.
struct QueryPlanTests {
  private func plan(_ sql: String, _ arguments: StatementArguments = []) async throws -> String {
    let folder = try TemporaryFolder()
    let store = try TimelineStore(path: folder.path + "/timeline.db")
    let plan = try await store.read { db in
      try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: arguments)
        .map { try $0.text("detail") }.joined(separator: "\n")
    }
    try store.close()
    return plan
  }

  @Test(
    "states are counted without what was said",
    arguments: [
      TimelineStore.messageCounting, TimelineStore.deliveryCounting,
      TimelineStore.deadLetterCounting,
    ])
  func counts(sql: String) async throws {
    let plan = try await plan(sql)
    #expect(plan.contains("USING COVERING INDEX"), "\(plan)")
  }

  @Test("what is over is removed without sorting all of it", arguments: TimelineStore.removals)
  func removals(sql: String) async throws {
    let plan = try await plan(sql, [0])
    #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
  }
}
