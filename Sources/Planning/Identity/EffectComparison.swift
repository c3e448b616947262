// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Compares what two plans carry out.
struct EffectComparison {
  /// What differs, for people; not yet escaped.
  let differences: [String]
  /// What the current plan would correct although the reviewed plan does not touch it.
  let unreviewed: Set<ResourceAddress>

  init(reviewed: Plan, current: Plan) {
    let now = Dictionary(
      current.changes.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
    let touched = reviewed.changes.filter { $0.isEffective || Self.isAcknowledged($0) }
      .sorted { $0.address < $1.address }
    let isKnown = Set(touched.map(\.address))
    var lines = touched.flatMap { Self.compare($0, now[$0.address]) }
    var unreviewed: Set<ResourceAddress> = []
    for change in current.effective where !isKnown.contains(change.address) {
      if [.drift, .deletedOutside, .started].contains(change.reason) {
        unreviewed.insert(change.address)
      } else {
        lines.append("\(change.address.text): \(Self.action(change)) appeared")
      }
    }
    let held = touched.contains { Self.isAcknowledged($0) }
    if held && reviewed.deletionsDigest != current.deletionsDigest {
      lines.append("deletions: other ones than the reviewed")
    }
    differences = lines
    self.unreviewed = unreviewed
  }

  /// A deletion over the blast guard is meant once somebody approved the plan that shows it.
  private static func isAcknowledged(_ change: Change) -> Bool {
    change.isDeletion && change.blocked != nil && change.reason == .blastGuard
  }

  private static func compare(_ old: Change, _ new: Change?) -> [String] {
    let name = old.address.text
    guard let new else { return ["\(name): \(action(old)) vanished, it is as desired now"] }
    if let blocked = new.blocked, !isAcknowledged(new) || !isAcknowledged(old) {
      return ["\(name): \(action(old)) was reviewed, now it is blocked: \(blocked)"]
    }
    guard old.actions == new.actions else {
      return ["\(name): \(action(old)) was reviewed, now it is \(action(new))"]
    }
    var lines: [String] = []
    if old.impact != new.impact {
      lines.append(
        "\(name): impact \(old.impact.rawValue) was reviewed, now it is \(new.impact.rawValue)")
    }
    if old.protected != new.protected {
      lines.append("\(name): \(new.protected ? "protected now" : "not protected any more")")
    }
    return lines + fields(of: name, old.fields, new.fields)
  }

  private static func fields(
    of name: String, _ old: [Change.Field], _ new: [Change.Field]
  ) -> [String] {
    let before = Dictionary(old.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    let after = Dictionary(new.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    return Set(before.keys).union(after.keys).sorted().compactMap { path in
      switch (before[path], after[path]) {
      case (let old?, let new?):
        isSame(old, new)
          ? nil : "\(name) \(path): \(values(old)) was reviewed, now it is \(values(new))"
      case (let old?, nil): "\(name) \(path): \(values(old)) vanished"
      case (nil, let new?): "\(name) \(path): \(values(new)) appeared"
      case (nil, nil): nil
      }
    }
  }

  private static func isSame(_ old: Change.Field, _ new: Change.Field) -> Bool {
    old.operation == new.operation && old.beforeFingerprint == new.beforeFingerprint
      && old.afterFingerprint == new.afterFingerprint
  }

  private static func values(_ field: Change.Field) -> String {
    guard !field.sensitive else { return "(secret)" }
    return "\(PlanText.value(field.before)) → \(PlanText.value(field.after))"
  }

  private static func action(_ change: Change) -> String {
    change.actions.map(\.rawValue).joined(separator: ", ")
  }
}
