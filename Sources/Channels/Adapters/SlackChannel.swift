// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto
import Synchronization

/// A Slack app in one team: Events API in, `chat.postMessage` out.
///
/// Slack knows no idempotency key: a text whose answer got lost may appear twice.
final class SlackChannel: WebhookChannel {
  private struct Identity: Decodable {
    let ok: Bool
    let error: String?
    let user: String?
    let team: String?

    private enum CodingKeys: String, CodingKey {
      case ok, error
      case user = "user_id"
      case team = "team_id"
    }
  }

  private struct Posted: Decodable {
    let ok: Bool
    let error: String?
    let ts: String?
  }

  let route: ChannelRoute
  let bodyLimit = 512 << 10
  private let app: String
  private let team: String
  private let secret: SecretValue
  private let token: SecretValue
  private let address: PlatformAddress
  private let client: PlatformClient
  /// The bot's own user, once Slack told.
  private let bot = Mutex<String?>(nil)

  /// - Throws: `channel.unusable`.
  init(_ route: ChannelRoute, _ secrets: ChannelSecrets, _ client: PlatformClient) throws {
    (self.route, self.client) = (route, client)
    app = try ChannelCatalog.need(route.account, "account", route)
    team = try ChannelCatalog.need(route.tenant, "tenant", route)
    secret = try ChannelCatalog.need(secrets.signing, "signingSecret", route, least: 16)
    token = try ChannelCatalog.need(secrets.token, "botToken", route)
    address = try PlatformAddress(route, standard: "https://slack.com/api")
  }

  /// docs.slack.dev, "Verifying requests from Slack".
  func check(_ head: WebhookRequest, at now: Date) throws(ChannelRefusal) {
    guard let time = head.header("x-slack-request-timestamp"),
      let signature = head.header("x-slack-signature")
    else { throw .unsigned }
    guard let seconds = WebhookProof.time(time),
      WebhookProof.hexadecimal(signature, after: "v0=") != nil
    else { throw .forged }
    try WebhookProof.requireNow(seconds, now)
  }

  func receive(_ request: WebhookRequest, at now: Date) throws(ChannelRefusal) -> WebhookReceipt {
    try check(request, at: now)
    guard let time = request.header("x-slack-request-timestamp"),
      let signature = request.header("x-slack-signature"),
      let code = WebhookProof.hexadecimal(signature, after: "v0="),
      AuthenticationCode.isValid(code, of: [Array("v0:\(time):".utf8), request.body], key: secret)
    else { throw .forged }
    if let payload = SlackInteraction.payload(of: request.body) { return try interaction(payload) }
    let envelope = try WebhookProof.decode(SlackEnvelope.self, request.body)
    if envelope.type == "url_verification", let challenge = envelope.challenge {
      guard challenge.utf8.count <= 1_024 else { throw .malformed }
      return WebhookReceipt { _ in WebhookAnswer(200, challenge) }
    }
    guard envelope.team == team, envelope.app == app else { throw .wrongTenant }
    return WebhookReceipt(message(envelope.event).map { [$0] } ?? [])
  }

  /// A button of one of our messages. Others, and what else people do, are acknowledged and passed over.
  private func interaction(_ payload: [UInt8]) throws(ChannelRefusal) -> WebhookReceipt {
    let interaction = try WebhookProof.decode(SlackInteraction.self, payload)
    guard interaction.app == app, interaction.team == team else { throw .wrongTenant }
    guard let press = interaction.press, let user = interaction.user, isID(user),
      let home = interaction.userTeam, isID(home), WebhookProof.isID(press.approval)
    else { return WebhookReceipt() }
    let foreign = home == team ? nil : home
    return WebhookReceipt(
      word: ChannelWord(
        approval: ApprovalID(rawValue: press.approval), isApproved: press.isApproved,
        sender: route.sender(user, tenant: foreign)))
  }

  func proof(of body: [UInt8], at now: Date) -> [HostileRequest.Header] {
    let time = String(Int(now.timeIntervalSince1970))
    let code = AuthenticationCode.of([Array("v0:\(time):".utf8), body], key: secret)
    return [
      HostileRequest.Header("x-slack-request-timestamp", time),
      HostileRequest.Header("x-slack-signature", "v0=" + Hexadecimal.encode(code)),
    ]
  }

  var emptyBody: [UInt8] { Self.envelope(team, app) }

  var foreignBody: [UInt8]? { Self.envelope("T0PROBE", "A0PROBE") }

  private static func envelope(_ team: String, _ app: String) -> [UInt8] {
    CanonicalJSON.bytes([
      "type": "event_callback", "team_id": .string(team), "api_app_id": .string(app),
    ])
  }

  /// Both events of one message, `message` and `app_mention`, have one key.
  private func message(_ event: SlackEvent?) -> InboundMessage? {
    guard let event, event.isMessage, let channel = event.channel, let ts = event.ts,
      let author = event.user ?? event.bot, ![channel, ts, author].contains(where: { !isID($0) })
    else { return nil }
    let bot = bot.withLock { $0 }
    guard event.app != app, author != bot, event.thread.map(isID) ?? true,
      event.userTeam.map(isID) ?? true,
      let text = WebhookProof.text(SlackText.plain(event, bot: bot))
    else { return nil }
    let isMention =
      event.type == "app_mention" || bot.map { event.text?.contains("<@\($0)>") == true } == true
    let isDirect = event.isDirect
    let thread = event.thread ?? (isDirect ? nil : ts)
    let foreign = event.userTeam.flatMap { $0 == team ? nil : $0 }
    return InboundMessage(
      channel: route.name, client: route.client, sender: route.sender(author, tenant: foreign),
      session: "default", text: text, idempotencyKey: "\(channel):\(ts)",
      place: InboundMessage.Place(
        account: app, room: isDirect ? nil : channel, thread: thread, isMention: isMention),
      isFromBot: event.bot != nil,
      route: ReplyRoute(
        conversation: channel, thread: thread, message: ts, account: identity))
  }

  private func isID(_ text: String) -> Bool { WebhookProof.isID(text) }

  var identity: String? { "slack \(team) \(app)" }

  func prove() async throws(DeliveryFailure) {
    let answer = try await client.ask(
      PlatformRequest(url: address.root + "/auth.test", bearer: token, body: Array("{}".utf8)))
    guard let identity = answer.decoded(Identity.self) else {
      throw answer.isSuccess
        ? DeliveryFailure(.transient, "auth.test answered something else")
        : answer.failure("auth.test")
    }
    guard identity.ok else { throw Self.failure(identity.error, answer) }
    guard identity.team == team else {
      throw DeliveryFailure(.unauthorized, "the token belongs to another team than \(team)")
    }
    bot.withLock { $0 = identity.user }
  }

  /// Slack cuts texts that are far longer, and recommends 4,000 characters.
  func parts(of text: String) -> [String] {
    TextParts(limit: 4_000, size: SlackText.size).parts(of: text)
  }

  func send(
    _ part: String, index: Int, key: String, to target: ReplyRoute
  ) async throws(DeliveryFailure) -> String? {
    var body: [String: JSONValue] = [
      "channel": .string(target.conversation), "text": .string(SlackText.escaped(part)),
      // Slack would fetch every address in a text, and tell whoever serves it.
      "unfurl_links": false, "unfurl_media": false,
    ]
    if index == 0, let approval = ApprovalKey.approval(of: key) {
      body["blocks"] = SlackInteraction.blocks(part, approval)
    }
    if let thread = target.thread { body["thread_ts"] = .string(thread) }
    let answer = try await client.ask(
      PlatformRequest(
        url: address.root + "/chat.postMessage", bearer: token,
        body: CanonicalJSON.bytes(.object(body))))
    guard answer.isSuccess, let posted = answer.decoded(Posted.self) else {
      throw answer.isSuccess
        ? DeliveryFailure(.transient, "chat.postMessage answered something else")
        : answer.failure("chat.postMessage")
    }
    guard posted.ok else { throw Self.failure(posted.error, answer) }
    return posted.ts
  }

  /// Errors come with status 200 (docs.slack.dev, "chat.postMessage", errors).
  private static func failure(_ error: String?, _ answer: PlatformAnswer) -> DeliveryFailure {
    let words = error ?? "no reason given"
    return switch error {
    case "ratelimited", "rate_limited":
      DeliveryFailure(.busy, words, retryAfter: answer.retryAfter ?? 1)
    case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive",
      "missing_scope", "no_permission", "org_login_required":
      DeliveryFailure(.unauthorized, words)
    case "internal_error", "fatal_error", "service_unavailable", "request_timeout",
      "team_added_to_org", nil:
      DeliveryFailure(.transient, words)
    default: DeliveryFailure(.refused, words)
    }
  }
}
