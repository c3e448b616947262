// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// One channel's access in the cells of a table.
enum DashboardAccess {
  static let columns = ["Channel", "Direct", "Rooms", "Allowed", "Denied"]

  static func cells(_ name: String, _ channel: AccessRules.Channel) -> [String] {
    [
      name, channel.dmPolicy.rawValue, channel.groupPolicy.rawValue, list(channel.allow),
      list(channel.deny),
    ]
  }

  private static func list(_ senders: [String]) -> String {
    let shown = senders.sorted().prefix(50).joined(separator: "\n")
    return senders.count > 50 ? shown + "\nand \(senders.count - 50) more" : shown
  }
}
