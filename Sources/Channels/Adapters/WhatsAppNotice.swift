// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A notice of the Cloud API, as far as it is read.
struct WhatsAppNotice: Decodable {
  struct Entry: Decodable {
    let id: String
    let changes: [Change]

    private enum Key: String, CodingKey { case id, changes }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      id = try fields.decode(String.self, forKey: .id)
      changes = fields.lenient(LenientList<Change>.self, .changes)?.items ?? []
    }
  }

  struct Change: Decodable {
    private struct Value: Decodable {
      struct Metadata: Decodable {
        let number: String
        private enum CodingKeys: String, CodingKey { case number = "phone_number_id" }
      }

      let metadata: Metadata
      let messages: LenientList<Message>?
    }

    let number: String
    let messages: [Message]

    private enum Key: String, CodingKey { case value }

    init(from decoder: any Decoder) throws {
      let value = try decoder.container(keyedBy: Key.self).decode(Value.self, forKey: .value)
      number = value.metadata.number
      messages = value.messages?.items ?? []
    }
  }

  struct Message: Decodable {
    private struct Media: Decodable {
      let id: String?
      let caption: String?
      let filename: String?
    }
    private struct Text: Decodable {
      let body: String?
      let text: String?
    }
    private struct Choice: Decodable { let title: String? }
    private struct Interactive: Decodable {
      let button: Choice?
      let list: Choice?
      private enum CodingKeys: String, CodingKey {
        case button = "button_reply"
        case list = "list_reply"
      }
    }

    let id: String
    /// A phone number; users with a name may have none, and a user id instead.
    let from: String?
    let timestamp: String?
    /// Written in a group, where the account answers nobody.
    let isInGroup: Bool
    /// What was written, or a mark for what is not fetched.
    let words: String?

    private enum Key: String, CodingKey {
      case id, from, timestamp, type, text, button, interactive, image, audio, video, document
      case sticker
      case user = "from_user_id"
      case group = "group_id"
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      id = try fields.decode(String.self, forKey: .id)
      from = fields.lenient(String.self, .from) ?? fields.lenient(String.self, .user)
      timestamp = fields.lenient(String.self, .timestamp)
      isInGroup = fields.contains(.group)
      let type = fields.lenient(String.self, .type) ?? "text"
      switch type {
      case "text": words = fields.lenient(Text.self, .text)?.body
      case "button": words = fields.lenient(Text.self, .button)?.text
      case "interactive":
        let choice = fields.lenient(Interactive.self, .interactive)
        words = choice?.button?.title ?? choice?.list?.title
      default:
        guard let key = Key(rawValue: type), let media = fields.lenient(Media.self, key) else {
          words = nil
          return
        }
        let name = media.filename.map { ": \($0)" } ?? ""
        words = [media.caption, "[\(type) \(media.id ?? "without an id")\(name)]"]
          .compactMap(\.self).joined(separator: "\n")
      }
    }
  }

  let entries: [Entry]

  private enum Key: String, CodingKey { case entry }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    entries = fields.lenient(LenientList<Entry>.self, .entry)?.items ?? []
  }
}
