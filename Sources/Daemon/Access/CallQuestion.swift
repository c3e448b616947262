// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import FoundationEssentials
import Synchronization
import Tools

/// A recorded call and what is known of it while it is decided.
struct CallQuestion {
  let work: Work
  let call: ToolCall
  let worker: String
  let decision: AccessDecision
  /// The commit whose rules hold.
  let revision: String?
  /// What an approver would be shown; `nil` until the call is resolved.
  var sheet: CallSheet?
  var digest: Digest?

  /// The tool's name as a model and a sender may read it.
  var tool: String { VisibleText.escape(String(call.tool.prefix(64))) }

  /// - Parameter why: What decided where it was not a rule.
  func event(_ outcome: AuditEvent.Outcome, why: String? = nil, at now: Date) -> AuditEvent {
    var details = [
      "call": digest?.short ?? "", "index": String(call.index),
      "reason": decision.reason.rawValue, "verdict": decision.verdict.rawValue,
      "entry": decision.entry ?? "", "tier": decision.tier?.rawValue ?? "",
    ]
    details["because"] = why
    let principal = work.principal
    return AuditEvent(
      .toolDecision, by: "sender:\(principal.channel)/\(principal.sender ?? principal.client)",
      on: "tool/\(call.tool)", outcome, at: now, rule: decision.rule, commit: revision,
      trace: work.id.rawValue, details: details)
  }
}

/// One call of one turn, as one worker runs it.
struct CallPlace: Hashable, Sendable {
  let message: MessageID
  let index: Int
  let worker: String

  init(_ message: MessageID, _ index: Int, worker: String) {
    (self.message, self.index, self.worker) = (message, index, worker)
  }
}

/// Calls of `exec` that were authorised and have not run. Each is used once, by the worker that asked.
final class ExecGrants: Sendable {
  /// More than any agent runs at a time.
  static let limit = 1_000

  private let granted = Mutex<[CallPlace: Digest]>([:])

  /// Bounded: a worker that asks and never runs loses its own grants, and nobody else's.
  func keep(_ digest: Digest, for place: CallPlace) {
    granted.withLock { granted in
      if granted.count >= Self.limit {
        for other in granted.keys.filter({ $0.worker == place.worker }) { granted[other] = nil }
      }
      if granted.count < Self.limit { granted[place] = digest }
    }
  }

  /// The digest under which a call was authorised, once.
  func take(_ place: CallPlace) -> Digest? {
    granted.withLock { $0.removeValue(forKey: place) }
  }

  /// Forgets what a worker was granted: for a message that it gave back, or for all.
  func drop(of worker: String, message: MessageID? = nil) {
    granted.withLock { granted in
      for place in granted.keys
      where place.worker == worker && (message == nil || place.message == message) {
        granted[place] = nil
      }
    }
  }

  var count: Int { granted.withLock { $0.count } }
}
