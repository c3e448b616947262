// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Synchronization

/// A Matrix user: `/sync` in, `PUT …/send/m.room.message/{txnId}` out (client-server API 1.11). The
/// same transaction id twice is one event: a text is sent once, whatever breaks.
///
/// Encrypted rooms are not read; that is told in the channel's report.
final class MatrixChannel: PollingChannel {
  private struct Identity: Decodable {
    let user: String
    private enum CodingKeys: String, CodingKey { case user = "user_id" }
  }

  private struct Sent: Decodable {
    let event: String
    private enum CodingKeys: String, CodingKey { case event = "event_id" }
  }

  private struct Page: Decodable {
    let events: LenientList<MatrixEvent>
    let end: String?
    private enum CodingKeys: String, CodingKey {
      case end
      case events = "chunk"
    }
  }

  private struct Members: Decodable { let joined: [String: Anything] }
  private struct Anything: Decodable { init(from _: any Decoder) throws {} }

  private struct Failed: Decodable {
    let errcode: String?
    let error: String?
    let milliseconds: Int64?
    private enum CodingKeys: String, CodingKey {
      case errcode, error
      case milliseconds = "retry_after_ms"
    }
  }

  private struct Rooms {
    /// Whether a room has two members.
    var isDirect: [String: Bool] = [:]
    var encrypted: Set<String> = []
  }

  /// Pages of a gap that are fetched. Of 100 events each.
  private static let gapLimit = 20

  /// What is read of rooms, and nothing else: an account in many rooms has much that nobody needs.
  private static func filter(_ limit: Int) -> String {
    let types: JSONValue = ["m.room.message", "m.room.member", "m.room.encrypted"]
    let none: JSONValue = ["types": []]
    let filter: JSONValue = [
      "presence": none, "account_data": none,
      "room": [
        "account_data": none, "ephemeral": none,
        "state": ["types": ["m.room.member"], "lazy_load_members": true],
        "timeline": ["limit": .integer(Int64(limit)), "types": types],
      ],
    ]
    return PlatformAddress.escape(CanonicalJSON.text(filter))
  }

  let route: ChannelRoute
  private let user: String
  private let token: SecretValue
  private let root: String
  private let client: PlatformClient
  private let rooms = Mutex(Rooms())

  /// - Throws: `channel.unusable`.
  init(_ route: ChannelRoute, _ secrets: ChannelSecrets, _ client: PlatformClient) throws {
    (self.route, self.client) = (route, client)
    user = try ChannelCatalog.need(route.account, "account", route)
    token = try ChannelCatalog.need(secrets.token, "botToken", route)
    root = try PlatformAddress(route, standard: nil).root + "/_matrix/client/v3"
  }

  var remark: String? {
    let rooms = rooms.withLock { $0.encrypted }
    guard let first = rooms.min() else { return nil }
    let others = rooms.count > 1 ? " and \(rooms.count - 1) others are" : " is"
    return "room \(first)\(others) encrypted: nothing there is read"
  }

  private func ask<Answer: Decodable>(
    _ method: String, _ path: String, _ body: JSONValue? = nil, as _: Answer.Type,
    time: Duration = .seconds(20)
  ) async throws(DeliveryFailure) -> Answer {
    let answer = try await client.ask(
      PlatformRequest(
        method: method, url: root + path, bearer: token, body: body.map(CanonicalJSON.bytes),
        time: time, limit: 32 << 20))
    guard answer.isSuccess, let decoded = answer.decoded(Answer.self) else {
      throw Self.failure(answer)
    }
    return decoded
  }

  private static func failure(_ answer: PlatformAnswer) -> DeliveryFailure {
    guard !answer.isSuccess, let failed = answer.decoded(Failed.self), let code = failed.errcode
    else {
      return answer.isSuccess
        ? DeliveryFailure(.transient, "the homeserver answered something else")
        : answer.failure("no reason given")
    }
    let words = "\(code) \(failed.error ?? "")"
    switch code {
    case "M_LIMIT_EXCEEDED":
      let told = failed.milliseconds.map { Int(min(max(0, $0), 86_400_000) / 1_000) + 1 }
      return DeliveryFailure(.busy, words, retryAfter: answer.retryAfter ?? told ?? 1)
    case "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED":
      return DeliveryFailure(.unauthorized, words)
    case "M_FORBIDDEN", "M_NOT_FOUND", "M_TOO_LARGE", "M_BAD_JSON", "M_INVALID_PARAM":
      return DeliveryFailure(.refused, words)
    default: return answer.failure(words)
    }
  }

  var identity: String? { "matrix \(root) \(user)" }

  func prove() async throws(DeliveryFailure) {
    let identity = try await ask("GET", "/account/whoami", as: Identity.self)
    guard identity.user.utf8.elementsEqual(user.utf8) else {
      throw DeliveryFailure(.unauthorized, "the token belongs to another user than \(user)")
    }
  }

  func poll(after cursor: String?) async throws(DeliveryFailure) -> ChannelPoll {
    guard let cursor else {
      // Where the account stands now: what was said before is nobody's question.
      let first = try await ask(
        "GET", "/sync?timeout=0&filter=\(Self.filter(1))", as: MatrixSync.self, time: .seconds(300))
      return ChannelPoll([], cursor: first.next, invitations: invitations(first))
    }
    let since = PlatformAddress.escape(cursor)
    let sync = try await ask(
      "GET", "/sync?timeout=25000&since=\(since)&filter=\(Self.filter(50))", as: MatrixSync.self,
      time: .seconds(60))
    var messages: [InboundMessage] = []
    var unreadable = 0
    for (name, room) in sync.joined.sorted(by: { $0.key < $1.key }) {
      do { messages += try await self.messages(in: name, room, since: cursor) } catch {
        // A room that put the account out meanwhile keeps no other one's messages from arriving.
        guard error.class == .refused, Self.isShutOut(error) else { throw error }
        unreadable += room.timeline?.events.count ?? 0
      }
    }
    return ChannelPoll(
      messages, cursor: sync.next, invitations: invitations(sync), unreadable: unreadable)
  }

  private static func isShutOut(_ error: DeliveryFailure) -> Bool {
    ["M_FORBIDDEN", "M_NOT_FOUND"].contains { error.message.hasPrefix($0) }
  }

  private func invitations(_ sync: MatrixSync) -> [ChannelPoll.Invitation] {
    sync.invited.sorted { $0.key < $1.key }.compactMap { room, invited in
      invited.state.last { $0.isInvitation(of: user) }.map {
        ChannelPoll.Invitation(room: room, sender: route.sender($0.sender))
      }
    }
  }

  private func messages(
    in name: String, _ room: MatrixSync.Room, since: String
  ) async throws(DeliveryFailure) -> [InboundMessage] {
    guard let timeline = room.timeline, !timeline.events.isEmpty else { return [] }
    var events = timeline.events
    if timeline.isLimited, let before = timeline.before,
      !events.contains(where: { $0.isJoin(of: user) })
    {
      events = try await gap(in: name, from: before, to: since) + events
    }
    if (events + room.state).contains(where: { $0.type == "m.room.member" }) {
      rooms.withLock { $0.isDirect[name] = nil }
    }
    if events.contains(where: { $0.type == "m.room.encrypted" }) {
      rooms.withLock { rooms in
        if rooms.encrypted.count < 1_000 { rooms.encrypted.insert(name) }
      }
    }
    // What was said before the account joined was not said to it.
    let joined = events.lastIndex { $0.isJoin(of: user) }
    let fresh = events[(joined.map { $0 + 1 } ?? 0)...].filter { $0.isMessage && $0.sender != user }
    guard !fresh.isEmpty else { return [] }
    let isDirect = try await isDirect(name)
    return fresh.compactMap { message($0, in: name, isDirect: isDirect) }
  }

  /// What `/sync` left out, oldest first; as far back as the account's own joining.
  private func gap(
    in room: String, from before: String, to since: String
  ) async throws(DeliveryFailure) -> [MatrixEvent] {
    var (events, token) = ([MatrixEvent](), before)
    let path = "/rooms/\(PlatformAddress.escape(room))/messages?dir=b&limit=100"
    for _ in 0..<Self.gapLimit {
      let page = try await ask(
        "GET", path + "&from=\(PlatformAddress.escape(token))&to=\(PlatformAddress.escape(since))",
        as: Page.self)
      events = page.events.items.reversed() + events
      guard let end = page.end, end != token, !page.events.items.isEmpty,
        !page.events.items.contains(where: { $0.isJoin(of: user) })
      else { break }
      token = end
    }
    return events
  }

  /// Two members are a direct conversation; nobody can join one unseen, since that is an event.
  private func isDirect(_ room: String) async throws(DeliveryFailure) -> Bool {
    if let known = rooms.withLock({ $0.isDirect[room] }) { return known }
    let members = try await ask(
      "GET", "/rooms/\(PlatformAddress.escape(room))/joined_members", as: Members.self)
    let isDirect = members.joined.count <= 2
    rooms.withLock { rooms in
      if rooms.isDirect.count > 10_000 { rooms.isDirect = [:] }
      rooms.isDirect[room] = isDirect
    }
    return isDirect
  }

  private func message(
    _ event: MatrixEvent, in room: String, isDirect: Bool
  ) -> InboundMessage? {
    guard let id = event.id, WebhookProof.isID(id), WebhookProof.isID(event.sender),
      event.content?.relation?.event.map(WebhookProof.isID) ?? true, WebhookProof.isID(room),
      let text = WebhookProof.text(event.words)
    else { return nil }
    let relation = event.content?.relation
    let thread = relation?.kind == "m.thread" ? relation?.event : nil
    // Older clients name nobody apart from the text.
    let isMention =
      event.content?.mentions?.users?.contains(user)
      ?? (text.contains(user) || text.contains(user.dropFirst().prefix { $0 != ":" }))
    return InboundMessage(
      channel: route.name, client: route.client, sender: route.sender(event.sender),
      session: "default", text: text, idempotencyKey: "\(room):\(id)",
      place: InboundMessage.Place(
        account: user, room: isDirect ? nil : room, thread: thread, isMention: isMention),
      route: ReplyRoute(
        conversation: room, thread: thread, message: id, account: identity))
  }

  func join(_ room: String) async throws(DeliveryFailure) {
    _ = try await ask(
      "POST", "/rooms/\(PlatformAddress.escape(room))/join", [:], as: Anything.self)
  }

  /// An event has at most 65,536 bytes, everything included.
  func parts(of text: String) -> [String] {
    TextParts(limit: 16_000, size: TextParts.utf8).parts(of: text)
  }

  func send(
    _ part: String, index _: Int, key: String, to target: ReplyRoute
  ) async throws(DeliveryFailure) -> String? {
    var content: [String: JSONValue] = [
      "msgtype": "m.notice", "body": .string(part), "m.mentions": [:],
    ]
    var relation: [String: JSONValue] = [:]
    if let answered = target.message {
      relation["m.in_reply_to"] = ["event_id": .string(answered)]
    }
    if let thread = target.thread {
      relation["rel_type"] = "m.thread"
      relation["event_id"] = .string(thread)
    }
    if !relation.isEmpty { content["m.relates_to"] = .object(relation) }
    let room = PlatformAddress.escape(target.conversation)
    let sent = try await ask(
      "PUT", "/rooms/\(room)/send/m.room.message/\(PlatformAddress.escape(key))",
      .object(content), as: Sent.self)
    return sent.event
  }
}
