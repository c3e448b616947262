// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What was added to and removed from a list; whole lists are too long to read.
struct ListDifference {
  let added: [String]
  let removed: [String]

  init?(before: JSONValue?, after: JSONValue?) {
    guard let old = before?.arrayValue, let new = after?.arrayValue else { return nil }
    let (oldSet, newSet) = (Set(old), Set(new))
    added = new.filter { !oldSet.contains($0) }.map { PlanText.value($0) }
    removed = old.filter { !newSet.contains($0) }.map { PlanText.value($0) }
  }

  var text: String {
    let shown = added.prefix(10).map { "+\($0)" } + removed.prefix(10).map { "-\($0)" }
    let hidden = added.count + removed.count - shown.count
    let rest = hidden > 0 ? ["and \(hidden) more"] : []
    return (shown + rest).joined(separator: " ")
  }
}
