// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What `/sync` answers (Matrix client-server API 1.11, "Syncing"), as far as it is read.
struct MatrixSync: Decodable {
  struct Timeline: Decodable {
    let events: [MatrixEvent]
    let isLimited: Bool
    let before: String?

    private enum Key: String, CodingKey {
      case events
      case isLimited = "limited"
      case before = "prev_batch"
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      events = fields.lenient(LenientList<MatrixEvent>.self, .events)?.items ?? []
      isLimited = fields.lenient(Bool.self, .isLimited) ?? false
      before = fields.lenient(String.self, .before)
    }
  }

  struct Room: Decodable {
    let timeline: Timeline?
    let state: [MatrixEvent]

    private enum Key: String, CodingKey { case timeline, state }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      timeline = fields.lenient(Timeline.self, .timeline)
      state = fields.lenient(Events.self, .state)?.events.items ?? []
    }
  }

  struct Invited: Decodable {
    let state: [MatrixEvent]

    private enum Key: String, CodingKey { case state = "invite_state" }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      state = fields.lenient(Events.self, .state)?.events.items ?? []
    }
  }

  private struct Events: Decodable { let events: LenientList<MatrixEvent> }

  private struct Rooms: Decodable {
    let join: [String: Room]?
    let invite: [String: Invited]?
  }

  let next: String
  let joined: [String: Room]
  let invited: [String: Invited]

  private enum Key: String, CodingKey {
    case next = "next_batch"
    case rooms
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    next = try fields.decode(String.self, forKey: .next)
    let rooms = try fields.decodeIfPresent(Rooms.self, forKey: .rooms)
    (joined, invited) = (rooms?.join ?? [:], rooms?.invite ?? [:])
  }
}

/// An event of a room, as far as it is read.
struct MatrixEvent: Decodable {
  struct Relation: Decodable {
    let kind: String?
    let event: String?

    private enum CodingKeys: String, CodingKey {
      case kind = "rel_type"
      case event = "event_id"
    }
  }

  struct Mentions: Decodable {
    let users: [String]?

    private enum CodingKeys: String, CodingKey { case users = "user_ids" }
  }

  struct Content: Decodable {
    let kind: String?
    let body: String?
    let membership: String?
    let relation: Relation?
    let mentions: Mentions?

    private enum Key: String, CodingKey {
      case body, membership
      case kind = "msgtype"
      case relation = "m.relates_to"
      case mentions = "m.mentions"
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      kind = fields.lenient(String.self, .kind)
      body = fields.lenient(String.self, .body)
      membership = fields.lenient(String.self, .membership)
      relation = fields.lenient(Relation.self, .relation)
      mentions = fields.lenient(Mentions.self, .mentions)
    }
  }

  let type: String
  let id: String?
  let sender: String
  let stateKey: String?
  let content: Content?
  /// What was before, where the event changed something.
  private let unsigned: Unsigned?

  private struct Unsigned: Decodable {
    struct Previous: Decodable { let membership: String? }
    let previous: Previous?
    private enum CodingKeys: String, CodingKey { case previous = "prev_content" }
  }

  private enum Key: String, CodingKey {
    case type, sender, content, unsigned
    case id = "event_id"
    case stateKey = "state_key"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    type = try fields.decode(String.self, forKey: .type)
    sender = try fields.decode(String.self, forKey: .sender)
    id = fields.lenient(String.self, .id)
    stateKey = fields.lenient(String.self, .stateKey)
    content = fields.lenient(Content.self, .content)
    unsigned = fields.lenient(Unsigned.self, .unsigned)
  }

  private static let media: Set<String> = ["m.image", "m.file", "m.audio", "m.video"]

  /// New text of somebody. Notices are what bots say to each other.
  var isMessage: Bool {
    guard type == "m.room.message", let kind = content?.kind else { return false }
    return (kind == "m.text" || kind == "m.emote" || Self.media.contains(kind))
      && content?.relation?.kind != "m.replace"
  }

  /// Media are named and not fetched.
  var words: String? {
    guard let kind = content?.kind, Self.media.contains(kind) else { return content?.body }
    return "[\(kind.dropFirst(2)): \(content?.body ?? "without a name")]"
  }

  func isJoin(of user: String) -> Bool {
    type == "m.room.member" && stateKey == user && content?.membership == "join"
      && unsigned?.previous?.membership != "join"
  }

  func isInvitation(of user: String) -> Bool {
    type == "m.room.member" && stateKey == user && content?.membership == "invite"
  }
}
