// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Timeline

/// What people in a chat are shown of a waiting call.
enum ApprovalNotice {
  /// What a button's message may have: UTF-16 units, escaped. What is longer is decided elsewhere.
  static let limit = 2_900

  static func all(of approval: Approval, _ desks: [String: ChannelDesk]) -> [Announcement] {
    desks.sorted { $0.key < $1.key }.map { channel, desk in
      let text = text(of: approval)
      // Nobody decides by a button about what they do not see whole.
      let isWhole = size(text) <= limit && !approval.isCut
      return Announcement(
        key: isWhole
          ? ApprovalKey.make(approval.id, channel: channel)
          : "notice-\(approval.id.rawValue)-\(channel)",
        channel: channel, route: ReplyRoute(conversation: desk.conversation),
        text: isWhole ? text : short(approval))
    }
  }

  private static func text(of approval: Approval) -> String {
    let details = approval.details.map {
      "> \(VisibleText.escape($0.name)): \(lines($0.text))"
    }
    return ([heading(approval)] + details).joined(separator: "\n")
  }

  /// Slack's own limit of a text is 3,000; it takes `&`, `<` and `>` escaped.
  private static func size(_ text: String) -> Int {
    text.utf16.count + 4 * text.utf8.count { [0x26, 0x3C, 0x3E].contains($0) }
  }

  private static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map {
      VisibleText.escape(String($0))
    }.joined(separator: "\n  ")
  }

  private static func short(_ approval: Approval) -> String {
    heading(approval) + "\nIt is too long to be shown here: kafclaw approvals list"
  }

  private static func heading(_ approval: Approval) -> String {
    let requester = approval.requester
    let who = VisibleText.escape("\(requester.channel)/\(requester.sender ?? requester.client)")
    return "\(who) asks for \(VisibleText.escape(approval.tool)), until "
      + approval.expiresAt.formatted(.iso8601)
  }
}
