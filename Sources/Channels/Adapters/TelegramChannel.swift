// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Synchronization

/// A Telegram bot: `getUpdates` in, `sendMessage` out (core.telegram.org/bots/api).
///
/// The token is part of every address, so no address is ever told. Telegram knows no idempotency
/// key: a text whose answer got lost may appear twice.
final class TelegramChannel: PollingChannel {
  private struct Sent: Decodable {
    let id: Int64

    private enum CodingKeys: String, CodingKey { case id = "message_id" }
  }

  let route: ChannelRoute
  private let token: SecretValue
  private let address: PlatformAddress
  private let client: PlatformClient
  /// The bot itself, once Telegram told.
  private let bot = Mutex<TelegramUser?>(nil)

  /// - Throws: `channel.unusable`.
  init(_ route: ChannelRoute, _ secrets: ChannelSecrets, _ client: PlatformClient) throws {
    (self.route, self.client) = (route, client)
    token = try ChannelCatalog.need(secrets.token, "botToken", route)
    address = try PlatformAddress(route, standard: "https://api.telegram.org")
    // It becomes part of a path.
    let isPlain = token.withBytes { bytes in
      bytes.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "_"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
    }
    guard isPlain else {
      throw ApplianceError(
        .channelUnusable, "channel \"\(route.name)\": botToken is not a token of Telegram",
        hint: "as BotFather gave it: digits, a colon, letters")
    }
  }

  private func ask<Result: Decodable>(
    _ method: String, _ body: JSONValue, as _: Result.Type, time: Duration = .seconds(20)
  ) async throws(DeliveryFailure) -> Result {
    let text = token.withBytes { String(decoding: $0, as: UTF8.self) }
    let answer = try await client.ask(
      PlatformRequest(
        url: "\(address.root)/bot\(text)/\(method)", body: CanonicalJSON.bytes(body), time: time,
        limit: 8 << 20))
    guard let decoded = answer.decoded(TelegramAnswer<Result>.self) else {
      throw answer.isSuccess
        ? DeliveryFailure(.transient, "\(method) answered something else")
        : answer.failure(method)
    }
    guard decoded.ok, let result = decoded.result else { throw Self.failure(decoded, answer) }
    return result
  }

  private static func failure<Result>(
    _ answer: TelegramAnswer<Result>, _ whole: PlatformAnswer
  ) -> DeliveryFailure {
    let code = answer.code ?? whole.status
    var words = answer.description ?? "no reason given"
    if let chat = answer.parameters?.newChat {
      words += "; the group has a new id: \(chat)"
    }
    return switch code {
    case 429:
      DeliveryFailure(
        .busy, words, retryAfter: answer.parameters?.retryAfter ?? whole.retryAfter ?? 1)
    // Telegram says 404 to a token that it does not know.
    case 401, 404: DeliveryFailure(.unauthorized, words)
    case 409:
      DeliveryFailure(
        .unauthorized, "the token is used elsewhere, or a webhook is set: \(words)")
    case 500...599: DeliveryFailure(.transient, words)
    // 403: the user blocked the bot, or the bot is no member.
    default: DeliveryFailure(.refused, words)
    }
  }

  var identity: String? { bot.withLock { $0 }.map { "telegram \($0.id)" } }

  func prove() async throws(DeliveryFailure) {
    let user = try await ask("getMe", [:], as: TelegramUser.self)
    bot.withLock { $0 = user }
  }

  func poll(after cursor: String?) async throws(DeliveryFailure) -> ChannelPoll {
    var body: [String: JSONValue] = [
      "timeout": 25, "limit": 100, "allowed_updates": ["message"],
    ]
    let offset = cursor.flatMap { Int64($0) }
    if let offset { body["offset"] = .integer(offset) }
    let updates = try await ask(
      "getUpdates", .object(body), as: LenientList<TelegramUpdate>.self, time: .seconds(40))
    // Beyond this one everything is confirmed. Ids of Telegram leave room for that.
    let next = updates.items.map(\.id).max().map { $0 &+ 1 } ?? offset
    return ChannelPoll(
      updates.items.compactMap { $0.message.flatMap(message) },
      cursor: next.map(String.init) ?? "0",
      unreadable: updates.unreadable)
  }

  private func message(_ message: TelegramMessage) -> InboundMessage? {
    let bot = bot.withLock { $0 }
    guard let author = message.from, !message.isForChat, author.id != bot?.id,
      let text = WebhookProof.text(message.text)
    else { return nil }
    let chat = String(message.chat.id)
    let isDirect = message.chat.type == "private"
    let thread = message.thread.map(String.init)
    return InboundMessage(
      channel: route.name, client: route.client, sender: route.sender(String(author.id)),
      session: "default", text: text, idempotencyKey: "\(bot?.id ?? 0):\(chat):\(message.id)",
      place: InboundMessage.Place(
        account: bot.map { String($0.id) }, room: isDirect ? nil : chat, thread: thread,
        isMention: bot.map { message.isMention(of: $0) } ?? false),
      isFromBot: author.isBot ?? false,
      route: ReplyRoute(
        conversation: chat, thread: thread, message: String(message.id), account: identity))
  }

  func parts(of text: String) -> [String] {
    TextParts(limit: 4_096, size: TextParts.utf16).parts(of: text)
  }

  func send(
    _ part: String, index _: Int, key _: String, to target: ReplyRoute
  ) async throws(DeliveryFailure) -> String? {
    guard let chat = Int64(target.conversation) else {
      throw DeliveryFailure(.refused, "the conversation is no chat of Telegram")
    }
    var body: [String: JSONValue] = [
      "chat_id": .integer(chat), "text": .string(part),
      "link_preview_options": ["is_disabled": true],
    ]
    if let thread = target.thread.flatMap({ Int64($0) }) {
      body["message_thread_id"] = .integer(thread)
    }
    if let answered = target.message.flatMap({ Int64($0) }) {
      body["reply_parameters"] = [
        "message_id": .integer(answered), "allow_sending_without_reply": true,
      ]
    }
    return String(try await ask("sendMessage", .object(body), as: Sent.self).id)
  }
}
