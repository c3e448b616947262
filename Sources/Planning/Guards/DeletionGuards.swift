// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Holds back deletions: of what is protected, of anything while the source is stale, of more than
/// the blast guard allows, and of what nothing is there to replace.
///
/// A held deletion stays in the plan as blocked; the rest of the plan is carried out. A rollback is
/// held back by protection only: it must be possible without the source, and removes what the failed
/// attempt made.
struct DeletionGuards {
  let input: PlanInput
  let desired: [ResourceAddress: ResourceFields]

  func apply(to changes: inout [Change]) {
    protect(&changes)
    guard input.mode != .rollback else { return }
    let deletions = changes.indices.filter { changes[$0].isDeletion && changes[$0].isEffective }
    guard !deletions.isEmpty else { return }
    if input.isStale {
      for index in deletions {
        changes[index].block(
          .stale, "the source was not fetched for too long; nothing is deleted until it is")
      }
    } else if let objection = objection(to: deletions, of: changes) {
      for index in deletions { changes[index].block(.blastGuard, objection) }
    } else {
      keepUnreplaced(deletions, &changes)
    }
  }

  private func protect(_ changes: inout [Change]) {
    guard !input.protected.isEmpty else { return }
    for index in changes.indices where input.protected.contains(changes[index].address) {
      changes[index].protected = true
      guard changes[index].isDeletion, changes[index].isEffective else { continue }
      changes[index].block(.protected, "protected; first commit protect: false, then remove it")
    }
  }

  /// Why this many deletions, or the last of a kind, are not carried out; `nil` when they may be.
  private func objection(to deletions: [Int], of changes: [Change]) -> String? {
    guard let digest = PlanIdentity.deletions(deletions.map { changes[$0] }),
      !input.acknowledgedDeletions.contains(digest)
    else { return nil }
    let limit = input.blastGuard.limit(applied: input.applied.count)
    let count = deletions.count
    var reasons = count > limit ? ["\(count) deletions, \(limit) at most at once"] : []
    for (kind, fate) in fates(of: changes) where fate.had > 1 && !fate.isLeft && !fate.isWanted {
      reasons.append("nothing of \(kind.rawValue) would be left of \(fate.had)")
    }
    guard !reasons.isEmpty else { return nil }
    return "\(reasons.joined(separator: "; ")): add \"\(digest)\" to "
      + "reconcile.acknowledgeDeletions, or apply the reviewed plan file"
  }

  /// A rename is a deletion and a creation: while nothing of what the desired state wants of a kind
  /// can be there, what is there stays, whoever acknowledged its deletion.
  private func keepUnreplaced(_ deletions: [Int], _ changes: inout [Change]) {
    let unreplaced = fates(of: changes).filter { $0.fate.isWanted && !$0.fate.isLeft }.map(\.kind)
    for index in deletions where unreplaced.contains(changes[index].kind) {
      changes[index].block(
        .blastGuard,
        "what replaces it cannot be made; nothing of \(changes[index].kind.rawValue) "
          + "would be left")
    }
  }

  /// What becomes of the resources of a kind that must not vanish as a whole.
  private struct Fate {
    /// Resources that were applied. Removing the only one of a kind is ordinary.
    var had = 0
    /// Whether any would be deleted.
    var isReduced = false
    /// Whether the desired state has any.
    var isWanted = false
    /// Whether one is known to be there afterwards.
    var isLeft = false
  }

  private func fates(of changes: [Change]) -> [(kind: ResourceKind, fate: Fate)] {
    guard input.blastGuard.keepsLast else { return [] }
    var (senders, workspace) = (Fate(), Fate())
    for change in changes {
      switch change.kind {
      case .senders where change.address.name != SenderResource.tiers: see(change, &senders)
      case .workspace: see(change, &workspace)
      default: break
      }
    }
    return [(.senders, senders), (.workspace, workspace)].filter(\.fate.isReduced)
  }

  private func see(_ change: Change, _ fate: inout Fate) {
    let isWanted = desired[change.address] != nil
    let wasApplied = input.applied[change.address] != nil
    if wasApplied { fate.had += 1 }
    fate.isWanted = fate.isWanted || isWanted
    if change.isEffective {
      fate.isReduced = fate.isReduced || change.isDeletion
      fate.isLeft = fate.isLeft || isWanted
    } else if change.blocked == nil {
      fate.isLeft = fate.isLeft || isWanted
    } else if wasApplied, case .present = input.observed[change.address] {
      fate.isLeft = true
    }
  }
}
