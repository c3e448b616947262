// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

extension AccessDecision {
  static let needed = AccessDecision(
    .needsApproval, .approvalRequired, rule: "tools.approvals", entry: "exec", tier: .internal)
}

extension Digest {
  static func call(_ name: String) -> Digest { Digest(rawValue: "sha256:\(name)") }
}

extension Approval {
  static func example(
    _ id: String, of work: Work, call: Int = 0, digest: Digest = .call("a"),
    lifetime: TimeInterval = 600
  ) -> Approval {
    Approval(
      id: ApprovalID(rawValue: id), message: work.id, callIndex: call, session: work.session,
      tool: "exec", digest: digest, details: [Detail("argv", "rm \u{202E}-rf\u{0}")],
      requester: work.principal, decision: .needed, createdAt: .noon,
      expiresAt: .noon + lifetime)
  }
}

extension ApprovalWord {
  static func yes(
    _ id: String, by name: String = "operator:1000", uses: Int = 1
  ) -> ApprovalWord {
    ApprovalWord(id: ApprovalID(rawValue: id), isApproved: true, by: name, uses: uses)
  }

  static func no(_ id: String, by name: String = "operator:1000") -> ApprovalWord {
    ApprovalWord(id: ApprovalID(rawValue: id), isApproved: false, by: name, note: "no")
  }
}

extension TimelineStore {
  /// Queues a message and leases it.
  func begin(
    _ key: String = "1", session: String = "main", client: String = "token:gateway"
  ) async throws -> Work {
    try await queue(.example(key: key, session: session, client: client))
    return try #require(try await lease(to: "w"))
  }

  func ask(
    _ work: Work, call: Int = 0, decision: AccessDecision = .needed,
    digest: Digest? = .call("a"), at now: Date = .noon
  ) async throws -> Authorisation {
    try await authorise(
      work.id, call: call, tool: "exec", by: "w", decision: decision, digest: digest, at: now)
  }

  @discardableResult
  func say(_ word: ApprovalWord, at now: Date = .noon) async throws -> Approval {
    try await say(word, lifetime: 60, at: now)
  }
}
