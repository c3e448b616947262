// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing
import Timeline

@testable import Daemon
@testable import DesiredState

/// A command runs only as it was authorised, and once. No sandbox of these tests starts anything.
struct GrantTests {
  private static let spec = ApplianceSpec.running("/usr/bin/cat")
  private static let refusal = ToolResult.failure("this call was not authorised, or ran already")

  @Test("a command that was not authorised is refused")
  func noGrant() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      #expect(try await bench.access.exec.run(id, 0, worker: "w") == Self.refusal)
    }
  }

  @Test("a command that waits for an approval, or was denied, is refused")
  func noGrantWithoutWord() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      try await bench.store.setToolPolicy(
        ToolPolicy(tiers: [.unknown: .highRisk], approvals: [ToolName.exec]))
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      guard case .parked(let approval) = try await bench.verdict(id, 0, "w") else {
        Issue.record("not parked")
        return
      }
      let code = await errorCode { _ = try await bench.access.exec.run(id, 0, worker: "w") }
      #expect(code == .leaseLost)
      _ = try await bench.access.desk.say(
        ApprovalWord(id: approval, isApproved: false, by: "operator:1000"))
      _ = try await bench.lease("w")
      #expect(try await bench.access.exec.run(id, 0, worker: "w") == Self.refusal)
      guard case .denied = try await bench.verdict(id, 0, "w") else {
        Issue.record("not denied")
        return
      }
      #expect(try await bench.access.exec.run(id, 0, worker: "w") == Self.refusal)
    }
  }

  @Test("a grant is used once, also by a run that fails")
  func usedOnce() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      #expect(try await bench.verdict(id, 0, "w") == .permitted)
      let first = try await bench.access.exec.run(id, 0, worker: "w")
      guard case .failure(let why) = first else {
        Issue.record("\(first)")
        return
      }
      #expect(why.hasPrefix("the command did not run: isolation \"host\""))
      #expect(try await bench.access.exec.run(id, 0, worker: "w") == Self.refusal)
    }
  }

  @Test("an approval for one run gives one grant")
  func approvedOnce() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      try await bench.store.setToolPolicy(
        ToolPolicy(
          tiers: [.unknown: .highRisk], taint: [.files: .highRisk], approvals: [ToolName.exec]))
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      guard case .parked(let approval) = try await bench.verdict(id, 0, "w") else {
        Issue.record("not parked")
        return
      }
      _ = try await bench.access.desk.say(
        ApprovalWord(id: approval, isApproved: true, by: "operator:1000"))
      _ = try await bench.lease("w")
      #expect(try await bench.verdict(id, 0, "w") == .permitted)
      #expect(bench.access.authority.grants.take(CallPlace(id, 0, worker: "w")) != nil)
      #expect(bench.access.authority.grants.take(CallPlace(id, 0, worker: "w")) == nil)
      guard case .parked = try await bench.verdict(id, 0, "w") else {
        Issue.record("the same word was used twice")
        return
      }
    }
  }

  @Test("a grant is for the files as they were")
  func changedFile() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      let file = URL(filePath: bench.workRepo + "/notes")
      try Data("one".utf8).write(to: file)
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      #expect(try await bench.verdict(id, 0, "w") == .permitted)
      try Data("two".utf8).write(to: file)
      let changed = ToolResult.failure(
        "the program or a file that the call names changed since it was authorised")
      #expect(try await bench.access.exec.run(id, 0, worker: "w") == changed)
      #expect(try await bench.access.exec.run(id, 0, worker: "w") == Self.refusal)
    }
  }

  @Test("a grant is for one call of one turn")
  func otherPlace() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      let one = try await bench.turn("w", asking: .exec(0, "notes"))
      try await bench.record(.intent(.exec(1, "notes")), of: one, "w")
      let other = try await bench.turn("w", asking: .exec(0, "notes"), key: "2")
      #expect(try await bench.verdict(one, 0, "w") == .permitted)
      #expect(try await bench.access.exec.run(one, 1, worker: "w") == Self.refusal)
      #expect(try await bench.access.exec.run(other, 0, worker: "w") == Self.refusal)
      #expect(bench.access.authority.grants.take(CallPlace(one, 0, worker: "w")) != nil)
    }
  }

  @Test("a grant does not outlive the supervisor")
  func restart() async throws {
    let bench = try AccessBench(Self.spec)
    try await bench.permitExec()
    let id = try await bench.turn("w", asking: .exec(0, "notes"))
    #expect(try await bench.verdict(id, 0, "w") == .permitted)
    let next = try await bench.restarted(Self.spec)
    _ = try await next.lease("w")
    #expect(try await next.access.exec.run(id, 0, worker: "w") == Self.refusal)
    try next.store.close()
  }
}
