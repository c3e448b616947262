// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// The digests of a plan: what stays the same whoever makes it, when, in what order and in which
/// words.
///
/// Each is SHA-256 over canonical JSON (RFC 8785). What the plan expects to find, its preconditions,
/// are the fingerprints `before_fp` of the effects.
struct PlanIdentity: Equatable {
  let effects: Digest
  let policy: Digest
  let deletions: Digest?
  let plan: Digest

  /// A plan is bound to trees, not to commits: squashing or merging makes another commit of the same
  /// tree.
  init(
    format: String, mode: Plan.Mode, engine: Plan.Engine, host: Plan.Host, source: Plan.Source,
    changes: [Change], policy: [Plan.PolicyResult], reach: [Plan.Reach]? = nil, notAfter: Date
  ) {
    effects = Self.effects(changes)
    self.policy = Self.policy(policy)
    deletions = Self.deletions(changes)
    var members: [String: JSONValue] = [
      "format_version": .string(format), "mode": .string(mode.rawValue),
      "engine_major": .string(String(engine.major)), "host": .string(host.name),
      "repo": .string(source.repository), "ref": Self.text(source.branch),
      "base_tree": Self.text(source.baseTree), "head_tree": Self.text(source.headTree),
      "effect_digest": .string(effects.rawValue), "policy_digest": .string(self.policy.rawValue),
      "not_after": Self.seconds(notAfter),
    ]
    if let reach { members["reach"] = .array(reach.map(Self.reach)) }
    plan = SHA256.digest(.object(members))
  }

  private static func reach(_ reach: Plan.Reach) -> JSONValue {
    [
      "channel": .string(reach.channel), "who": .string(reach.who),
      "conversation": .string(reach.conversation),
      "gains": .array(reach.gains.map { .string($0) }),
      "loses": .array(reach.loses.map { .string($0) }),
    ]
  }

  private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

  private static func seconds(_ date: Date) -> JSONValue {
    Int64(exactly: date.timeIntervalSince1970.rounded(.down)).map { .integer($0) } ?? .null
  }

  /// What would happen: no times, no order, no rendering.
  static func effects(_ changes: [Change]) -> Digest {
    let effects = changes.sorted { $0.address < $1.address }.map { change -> JSONValue in
      [
        "address": .string(change.address.text),
        "actions": .array(change.actions.map { .string($0.rawValue) }),
        "impact": .string(change.impact.rawValue),
        "protected": .bool(change.protected),
        "blocked": change.blocked == nil ? .null : .string(change.reason.rawValue),
        "fields": .array(change.fields.sorted { $0.path < $1.path }.map(effect)),
      ]
    }
    return SHA256.digest(.array(effects))
  }

  private static func effect(_ field: Change.Field) -> JSONValue {
    [
      "path": .string(field.path), "op": .string(field.operation.rawValue),
      "before_fp": text(field.beforeFingerprint?.rawValue),
      "after_fp": text(field.afterFingerprint?.rawValue),
    ]
  }

  /// What the guardrails decided; not how they say it.
  static func policy(_ results: [Plan.PolicyResult]) -> Digest {
    let verdicts = results.map { [$0.pack, $0.id, $0.path, $0.result] }
    let sorted = verdicts.sorted { $0.lexicographicallyPrecedes($1) }
    return SHA256.digest(.array(sorted.map { .array($0.map { .string($0) }) }))
  }

  /// Which addresses are to be deleted, whether or not a guard still holds them back.
  static func deletions(_ changes: [Change]) -> Digest? {
    let deleted = changes.filter { $0.isDeletion && ($0.isEffective || $0.isHeldDeletion) }
    guard !deleted.isEmpty else { return nil }
    let addresses = deleted.map(\.address).sorted()
    return SHA256.digest(.array(addresses.map { .string($0.text) }))
  }
}

extension Plan {
  /// Whether the plan is as it was made: every digest, fingerprint and count is that of the
  /// contents, and no resource or field stands there twice.
  ///
  /// Tells what was changed by mistake or by somebody who did not compute the digests anew; who did
  /// is found by comparing with the current plan, or by a signature.
  public func verifyDigests() -> Bool {
    let identity = PlanIdentity(
      format: format, mode: mode, engine: engine, host: host, source: source, changes: changes,
      policy: policy, reach: reach, notAfter: notAfter)
    return identity.effects == effectDigest && identity.policy == policyDigest
      && identity.deletions == deletionsDigest && identity.plan == planDigest
      && identity.plan.short == id && Summary(of: changes, unchanged: summary.noop) == summary
      && Set(changes.map(\.address)).count == changes.count
      && changes.allSatisfy { change in
        change.kind == change.address.kind && change.wave == change.kind.wave
          && Set(change.fields.map(\.path)).count == change.fields.count
          && change.fields.allSatisfy(\.hasItsFingerprints)
      }
  }
}
