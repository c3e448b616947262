// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// What the timeline remembers, which is in no file of the log's.
extension AuditVerifier {
  mutating func compareRemembered() {
    guard let anchor = remembered.misfit(state, isKnown: !isDamagedSinceSeal) else { return }
    note(
      .rewritten,
      "lines \(remembered.confirmed) to \(max(anchor.size, 1) - 1) are not those that were sealed "
        + "at \(anchor.at.formatted(.iso8601)), as timeline.db tells", at: remembered.confirmed)
  }

  /// Looks for the record that tells why a log was put aside; it comes before the first seal.
  mutating func lookForReason(_ bytes: UnsafeRawBufferPointer, _ line: AuditLine) {
    // `try?`: a record that cannot be read gives no reason.
    let event = try? ApplianceJSON.decode(AuditEvent.self, from: Array(bytes[line.body]))
    guard let event, event.kind == .begin else { return }
    reason = reason ?? event.details[AuditTrail.reasonDetail]
  }

  mutating func verifyRemembered() {
    if let longest = remembered.longest, state.size < longest.size,
      !verdict.findings.contains(where: { $0.damage == .truncated })
    {
      note(
        .truncated,
        "the log ends at line \(state.size), and had \(longest.size) lines when it was sealed at "
          + "\(longest.at.formatted(.iso8601)), as timeline.db tells", at: state.size)
    }
    if let other = remembered.other {
      verifySuccession(other)
    } else if remembered.isUnknown, verdict.seals > 0 {
      verdict.notes.append("timeline.db remembers no seal to compare the log with")
    }
  }

  /// A log takes another one's place only when somebody says why.
  private mutating func verifySuccession(_ other: AuditAnchor) {
    let one = "log of \(other.size) lines, sealed at \(other.at.formatted(.iso8601))"
    if remembered.isOtherNewer {
      note(.rewritten, "timeline.db tells of a later \(one)", at: 0)
    } else if let reason {
      verdict.notes.append("timeline.db tells of an earlier \(one); this one was begun: \(reason)")
    } else {
      note(
        .rewritten,
        "timeline.db tells of another \(one), and no record says why this one was begun", at: 0)
    }
  }
}
