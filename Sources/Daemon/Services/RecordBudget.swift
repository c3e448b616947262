// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import FoundationEssentials

/// How much of what anybody can cause is recorded one by one: the rest is counted, and told with the
/// next that is. A value.
struct RecordBudget {
  /// Records in a minute.
  static let limit = 60

  private var minute = Date.distantPast
  private var recorded = 0
  private var unrecorded = 0

  /// Whether one more is recorded; one that is not is counted.
  mutating func takes(at now: Date) -> Bool {
    if abs(now.timeIntervalSince(minute)) >= 60 { (minute, recorded) = (now, 0) }
    guard recorded < Self.limit else {
      unrecorded += 1
      return false
    }
    recorded += 1
    return true
  }

  /// Those that were counted and not told yet.
  mutating func takeUnrecorded() -> Int {
    defer { unrecorded = 0 }
    return unrecorded
  }
}
