// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What the Bot API answers (core.telegram.org/bots/api, "Making requests").
struct TelegramAnswer<Result: Decodable>: Decodable {
  struct Parameters: Decodable {
    let retryAfter: Int?
    let newChat: Int64?

    private enum CodingKeys: String, CodingKey {
      case retryAfter = "retry_after"
      case newChat = "migrate_to_chat_id"
    }
  }

  let ok: Bool
  let result: Result?
  let code: Int?
  let description: String?
  let parameters: Parameters?

  private enum CodingKeys: String, CodingKey {
    case ok, result, description, parameters
    case code = "error_code"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    ok = try fields.decode(Bool.self, forKey: .ok)
    result = ok ? try fields.decodeIfPresent(Result.self, forKey: .result) : nil
    code = fields.lenient(Int.self, .code)
    description = fields.lenient(String.self, .description)
    parameters = fields.lenient(Parameters.self, .parameters)
  }
}

/// An update, as far as it is read; one of another kind has its id alone.
struct TelegramUpdate: Decodable {
  let id: Int64
  let message: TelegramMessage?

  private enum Key: String, CodingKey {
    case id = "update_id"
    case message
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    id = try fields.decode(Int64.self, forKey: .id)
    message = fields.lenient(TelegramMessage.self, .message)
  }
}

struct TelegramUser: Decodable {
  let id: Int64
  let isBot: Bool?
  let username: String?

  private enum CodingKeys: String, CodingKey {
    case id, username
    case isBot = "is_bot"
  }
}

struct TelegramMessage: Decodable {
  struct Chat: Decodable {
    let id: Int64
    let type: String
  }

  struct Entity: Decodable {
    let type: String
    /// UTF-16 units.
    let offset: Int
    let length: Int
    let user: TelegramUser?
  }

  /// The message that is answered, as far as it matters.
  struct Answered: Decodable {
    let from: TelegramUser?
    let topic: Bool

    private enum Key: String, CodingKey {
      case from
      case topic = "forum_topic_created"
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      from = fields.lenient(TelegramUser.self, .from)
      topic = fields.contains(.topic)
    }
  }

  let id: Int64
  let from: TelegramUser?
  /// Somebody wrote in the name of a chat: no user stands behind it that could be told.
  let isForChat: Bool
  let chat: Chat
  let thread: Int64?
  let text: String?
  let entities: [Entity]
  let answered: Answered?

  private enum Key: String, CodingKey {
    case id = "message_id"
    case from, chat, text, caption, entities
    case senderChat = "sender_chat"
    case thread = "message_thread_id"
    case isTopic = "is_topic_message"
    case captionEntities = "caption_entities"
    case answered = "reply_to_message"
    case photo, document, voice, audio, video, sticker, location, contact
  }

  private static let media: [Key] = [
    .photo, .document, .voice, .audio, .video, .sticker, .location, .contact,
  ]

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    id = try fields.decode(Int64.self, forKey: .id)
    chat = try fields.decode(Chat.self, forKey: .chat)
    from = fields.lenient(TelegramUser.self, .from)
    isForChat = fields.contains(.senderChat)
    let isTopic = fields.lenient(Bool.self, .isTopic) == true
    thread = isTopic ? fields.lenient(Int64.self, .thread) : nil
    // Media are named and not fetched.
    let media = Self.media.first { fields.contains($0) }.map { "[\($0.rawValue)]" }
    let words = fields.lenient(String.self, .text) ?? fields.lenient(String.self, .caption)
    text =
      [words, media].contains { $0 != nil }
      ? [words, media].compactMap(\.self).joined(separator: "\n") : nil
    let entities =
      fields.lenient(LenientList<Entity>.self, .entities)
      ?? fields.lenient(LenientList<Entity>.self, .captionEntities)
    self.entities = entities?.items ?? []
    answered = fields.lenient(Answered.self, .answered)
  }

  /// Whether the message names a bot, or answers it.
  func isMention(of bot: TelegramUser) -> Bool {
    if let answered, !answered.topic, answered.from?.id == bot.id { return true }
    return entities.contains { entity in
      switch entity.type {
      case "text_mention": entity.user?.id == bot.id
      case "mention": isName(of: bot, words(of: entity)?.dropFirst())
      // In a group a command names the bot it is for.
      case "bot_command":
        isName(of: bot, words(of: entity)?.split(separator: "@").dropFirst().last)
      default: false
      }
    }
  }

  /// Names of users are compared without case (core.telegram.org, "Usernames").
  private func isName(of bot: TelegramUser, _ name: Substring?) -> Bool {
    guard let name, let username = bot.username else { return false }
    return name.lowercased() == username.lowercased()
  }

  private func words(of entity: Entity) -> String? {
    guard let text, entity.offset >= 0, entity.length > 0 else { return nil }
    let units = text.utf16
    let (end, isTooLarge) = entity.offset.addingReportingOverflow(entity.length)
    guard !isTooLarge, end <= units.count else { return nil }
    return String(units.dropFirst(entity.offset).prefix(entity.length))
  }
}
