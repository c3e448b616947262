// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What Slack's Events API sends (docs.slack.dev, "Events API", "message event"), as far as it is
/// read.
struct SlackEnvelope: Decodable {
  let type: String
  let challenge: String?
  let team: String?
  let app: String?
  let event: SlackEvent?

  private enum Key: String, CodingKey {
    case type, challenge, event
    case team = "team_id"
    case app = "api_app_id"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    type = try fields.decode(String.self, forKey: .type)
    challenge = fields.lenient(String.self, .challenge)
    (team, app) = (fields.lenient(String.self, .team), fields.lenient(String.self, .app))
    event = fields.lenient(SlackEvent.self, .event)
  }
}

struct SlackEvent: Decodable {
  struct File: Decodable {
    let id: String
    let name: String?
    let mimetype: String?
    let size: Int?
  }

  let type: String
  let subtype: String?
  let user: String?
  /// The sender's own team, which in a shared channel is another one.
  let userTeam: String?
  let bot: String?
  let app: String?
  let channel: String?
  let channelType: String?
  let text: String?
  let ts: String?
  let thread: String?
  let files: [File]

  private enum Key: String, CodingKey {
    case type, subtype, user, channel, text, ts, files, team
    case userTeam = "user_team"
    case bot = "bot_id"
    case app = "app_id"
    case channelType = "channel_type"
    case thread = "thread_ts"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    type = try fields.decode(String.self, forKey: .type)
    func text(_ key: Key) -> String? { fields.lenient(String.self, key) }
    (subtype, user, bot, app) = (text(.subtype), text(.user), text(.bot), text(.app))
    userTeam = text(.userTeam) ?? text(.team)
    (channel, channelType, self.text) = (text(.channel), text(.channelType), text(.text))
    (ts, thread) = (text(.ts), text(.thread))
    files = fields.lenient(LenientList<File>.self, .files)?.items ?? []
  }

  /// New text of somebody: not an edit, a deletion, or what Slack says of a channel.
  var isMessage: Bool {
    let kinds: Set<String?> = [nil, "file_share", "thread_broadcast", "bot_message"]
    return (type == "message" || type == "app_mention") && kinds.contains(subtype)
  }

  /// Ids of direct conversations begin with D; `app_mention` says no type.
  var isDirect: Bool { channelType == "im" || channel?.hasPrefix("D") == true }
}

/// Slack's own form of text (docs.slack.dev, "Formatting message text").
enum SlackText {
  /// What was written, with files named: they are not fetched.
  static func plain(_ event: SlackEvent, bot: String?) -> String {
    var text = event.text ?? ""
    if let bot { text = text.replacingBytes("<@\(bot)>", with: "") }
    text = text.replacingBytes("&lt;", with: "<").replacingBytes("&gt;", with: ">")
      .replacingBytes("&amp;", with: "&")
    let files = event.files.prefix(20).map { file in
      let kind = [file.mimetype, file.size.map { "\($0) bytes" }].compactMap(\.self)
      return "[file \(file.id): \(file.name ?? "without a name") (\(kind.joined(separator: ", ")))]"
    }
    let start = text.drop { $0.isWhitespace }
    return ([String(start)] + files).filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// Escaped, so that no text calls anybody or shows another address than it goes to.
  static func escaped(_ text: String) -> String {
    text.replacingBytes("&", with: "&amp;").replacingBytes("<", with: "&lt;")
      .replacingBytes(">", with: "&gt;")
  }

  static let size: @Sendable (Character) -> Int = { sign in
    sign.unicodeScalars.reduce(0) { size, scalar in
      switch scalar {
      case "&": size + 5
      case "<", ">": size + 4
      default: size + UTF16.width(scalar)
      }
    }
  }
}
