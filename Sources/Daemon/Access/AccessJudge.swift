// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Policy
import Synchronization
import Timeline

/// Evaluates the rules in the timeline: compiled once, again whenever they changed.
final class AccessJudge: Sendable {
  private let compiled = Mutex<(version: UInt64, policy: AccessPolicy)?>(nil)

  func policy(_ rules: AccessRules, _ version: UInt64) -> AccessPolicy {
    compiled.withLock { compiled in
      if let compiled, compiled.version == version { return compiled.policy }
      let policy = AccessPolicy(rules)
      compiled = (version, policy)
      return policy
    }
  }

  /// Decides about a message, inside the transaction that stores it.
  func verdict(
    on message: InboundMessage, _ rules: AccessRules, _ version: UInt64
  ) -> AdmissionVerdict {
    let decision = policy(rules, version).admit(message.principal)
    // Whoever is admitted by pairing shares no conversation with those whom a list knows.
    let scope =
      decision.reason == .unknownSender
      ? .user : rules.channels[message.channel]?.sessionScope ?? .user
    return AdmissionVerdict(
      decision: decision,
      session: SessionScoping.key(of: message, scope: scope))
  }
}
