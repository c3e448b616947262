// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import SodiumCrypto

/// The end of a log: what this host keeps apart from it, and the key of the next seal.
extension AuditVerifier {
  mutating func verifyEnd(_ snapshot: AuditSnapshot) {
    name = snapshot.parts.last?.segment.name ?? files.folder
    verdict.unsealed = state.size - min(state.size, state.sealed)
    // A crash may have come before the seal that was due; twice as many lines are none.
    if verdict.unsealed >= 2 * AuditTrail.sealLines {
      note(
        .unsealed, "\(verdict.unsealed) lines are not sealed, and a seal was due", at: state.sealed)
    }
    let isBetween = isBetween(snapshot.keys)
    verifyAnchor(lag: isBetween || publicKey != nil ? 1 : 0)
    if publicKey == nil { verifyKey(snapshot.keys, isBetween) }
  }

  /// Whether the last seal was written, and its key was not yet removed.
  private func isBetween(_ keys: SealingKeys?) -> Bool {
    guard let keys, let next = keys.next else { return false }
    return next.publicKey == key && keys.epoch + 1 == state.epoch
  }

  /// What this host remembers of the last seal, apart from the log.
  ///
  /// - Parameter lag: Seals that it may be behind: the last one was being written, or the log is a
  ///   copy.
  private mutating func verifyAnchor(lag: UInt64) {
    guard let anchor else {
      if state.epoch > lag {
        note(.missing, "the anchor, which tells of lines cut off, is gone", at: state.size)
      }
      return
    }
    if state.size < anchor.size {
      note(
        .truncated,
        "the log ends at line \(state.size), and had \(anchor.size) lines when it was "
          + "sealed last", at: state.size)
    } else if state.epoch < anchor.epoch {
      note(.truncated, "seal \(anchor.epoch - 1) is gone", at: state.size)
    } else if !isAnchorFound, !isDamaged {
      note(
        .rewritten,
        "the log has another seal in line \(max(anchor.size, 1) - 1) than "
          + "the anchor tells", at: max(anchor.size, 1) - 1)
    } else if !isDamaged, state.epoch - anchor.epoch > lag {
      note(
        .malformed, "the anchor is of seal \(max(anchor.epoch, 1) - 1), which is not the last",
        at: state.size)
    }
  }

  /// The key for the next seal belongs to the last one.
  private mutating func verifyKey(_ keys: SealingKeys?, _ isBetween: Bool) {
    guard let keys else {
      return note(.missing, "the key of the next seal is gone", at: state.size)
    }
    let isNext = keys.epoch == state.epoch && keys.current.publicKey == key
    guard !isNext, !isBetween, !isDamaged else { return }
    note(
      .truncated,
      "the next seal would be \(keys.epoch), and the log ends before seal "
        + "\(state.epoch)", at: state.size)
  }
}
