// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A word on a waiting call that somebody said by a button of a chat platform.
public struct ChannelWord: Sendable, Codable, Equatable {
  public let approval: ApprovalID
  public let isApproved: Bool
  /// Who pressed it, in the form of the access lists.
  public let sender: String

  public init(approval: ApprovalID, isApproved: Bool, sender: String) {
    (self.approval, self.isApproved, self.sender) = (approval, isApproved, sender)
  }
}

/// Names of deliveries that ask for a word.
public enum ApprovalKey {
  private static let mark = "approval-"

  public static func make(_ id: ApprovalID, channel: String) -> String {
    "\(mark)\(id.rawValue)-\(channel)"
  }

  /// The approval that a delivery asks for; `nil` for any other delivery.
  public static func approval(of key: String) -> ApprovalID? {
    guard key.hasPrefix(mark) else { return nil }
    let name = key.dropFirst(mark.count).prefix { $0 != "-" }
    return name.isEmpty ? nil : ApprovalID(rawValue: String(name))
  }
}
