// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What Slack sends when somebody presses a button (docs.slack.dev, "block_actions payload"): a form with one
/// field, signed as events are.
struct SlackInteraction: Decodable {
  private struct Named: Decodable {
    let id: String?
    let team: String?

    private enum CodingKeys: String, CodingKey {
      case id
      case team = "team_id"
    }
  }

  private struct Action: Decodable {
    let name: String
    let value: String?

    private enum CodingKeys: String, CodingKey {
      case value
      case name = "action_id"
    }
  }

  let app: String?
  let team: String?
  let user: String?
  /// The user's own team, which in a shared channel is another one.
  let userTeam: String?
  /// What the first of our buttons says.
  let press: (approval: String, isApproved: Bool)?

  private enum Key: String, CodingKey {
    case type, team, user, actions
    case app = "api_app_id"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    app = fields.lenient(String.self, .app)
    team = fields.lenient(Named.self, .team)?.id
    let who = fields.lenient(Named.self, .user)
    (user, userTeam) = (who?.id, who?.team)
    let actions = fields.lenient(LenientList<Action>.self, .actions)?.items ?? []
    let isPress = try fields.decode(String.self, forKey: .type) == "block_actions"
    press =
      (isPress ? actions : []).lazy.compactMap { action in
        guard let value = action.value else { return nil }
        switch action.name {
        case Self.approve: return (value, true)
        case Self.deny: return (value, false)
        default: return nil
        }
      }.first
  }

  private static let approve = "kafclaw_approve"
  private static let deny = "kafclaw_deny"
  private static let field = Array("payload=".utf8)

  /// The JSON of an interaction; `nil` for any other body.
  static func payload(of body: [UInt8]) -> [UInt8]? {
    guard body.starts(with: field) else { return nil }
    return FormFields(String(decoding: body, as: UTF8.self))["payload"].map { Array($0.utf8) } ?? []
  }

  /// A text, plain, with a button for each word.
  static func blocks(_ text: String, _ approval: ApprovalID) -> JSONValue {
    [
      ["type": "section", "text": ["type": "plain_text", "text": .string(text), "emoji": false]],
      [
        "type": "actions",
        "elements": [
          button(approve, "Approve once", "primary", approval),
          button(deny, "Deny", "danger", approval),
        ],
      ],
    ]
  }

  private static func button(
    _ action: String, _ label: String, _ style: String, _ approval: ApprovalID
  ) -> JSONValue {
    [
      "type": "button", "action_id": .string(action), "value": .string(approval.rawValue),
      "style": .string(style), "text": ["type": "plain_text", "text": .string(label)],
    ]
  }
}
