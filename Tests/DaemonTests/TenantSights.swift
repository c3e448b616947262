// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension TenantLife {
  /// How often there was something to be seen: without that a life shows nothing.
  struct Sights: Sendable {
    var exchanges = 0
    var tainted = 0
    var parked = 0
    var approved = 0
    var strangers = 0

    mutating func add(_ other: Sights) {
      exchanges += other.exchanges
      tainted += other.tainted
      parked += other.parked
      approved += other.approved
      strangers += other.strangers
    }
  }
}
