// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// A channel for whatever can sign a request (Standard Webhooks 1.0): `webhook-id`,
/// `webhook-timestamp`, and `webhook-signature`, HMAC-SHA-256 over `id.timestamp.body`. Replies are
/// signed in the same way.
struct GenericWebhook: WebhookChannel {
  /// What a request says. Whoever holds the secret speaks for its senders, and for nobody else's:
  /// their ids are the channel's own.
  private struct Body: Decodable {
    let message: String
    let sender: String
    let room: String?
    let thread: String?
    let mention: Bool?
    let bot: Bool?
  }

  private struct Answer: Encodable {
    let accepted: Bool
    var duplicate: Bool?
    var id: String?
    var reason: String?
  }

  private struct Reply: Encodable {
    let text: String
    let conversation: String
    let thread: String?
    let inReplyTo: String?
    let part: Int
  }

  let route: ChannelRoute
  private let secret: SecretValue
  private let client: PlatformClient

  let bodyLimit = 256 << 10

  /// - Throws: `channel.unusable`.
  init(_ route: ChannelRoute, _ secrets: ChannelSecrets, _ client: PlatformClient) throws {
    (self.route, self.client) = (route, client)
    let given = try ChannelCatalog.need(secrets.signing, "signingSecret", route, least: 24)
    secret = try Self.key(given, route)
  }

  /// The bytes that `whsec_` and base64 stand for; any other text is the key itself.
  private static func key(_ given: SecretValue, _ route: ChannelRoute) throws -> SecretValue {
    let prefix = Array("whsec_".utf8)
    let coded: Data? = given.withBytes { bytes in
      bytes.starts(with: prefix) ? Data(bytes.dropFirst(prefix.count)) : nil
    }
    guard let coded else { return given }
    guard let key = Data(base64Encoded: coded), key.count >= 24 else {
      throw ApplianceError(
        .channelUnusable,
        "channel \"\(route.name)\": signingSecret is not whsec_ and base64 of at least 24 bytes")
    }
    return SecretValue(copying: key)
  }

  func check(_ head: WebhookRequest, at now: Date) throws(ChannelRefusal) {
    guard let id = head.header("webhook-id"), WebhookProof.isID(id), !id.contains("."),
      let time = head.header("webhook-timestamp"), let signed = head.header("webhook-signature"),
      signed.utf8.count <= 2_048
    else { throw .unsigned }
    guard let seconds = WebhookProof.time(time) else { throw .forged }
    try WebhookProof.requireNow(seconds, now)
  }

  func receive(_ request: WebhookRequest, at now: Date) throws(ChannelRefusal) -> WebhookReceipt {
    try check(request, at: now)
    guard let id = request.header("webhook-id"), let time = request.header("webhook-timestamp"),
      let signatures = request.header("webhook-signature")
    else { throw .unsigned }
    let parts = [Array("\(id).\(time).".utf8), request.body]
    let isAuthentic = signatures.split(separator: " ").prefix(8).contains { signature in
      // One code has one spelling: base64 ignores bits of its last sign.
      guard signature.hasPrefix("v1,"),
        let code = Data(base64Encoded: String(signature.dropFirst(3))),
        code.base64EncodedString() == signature.dropFirst(3)
      else { return false }
      return AuthenticationCode.isValid(Array(code), of: parts, key: secret)
    }
    guard isAuthentic else { throw .forged }
    return try receipt(id, WebhookProof.decode(Body.self, request.body))
  }

  func proof(of body: [UInt8], at now: Date) -> [HostileRequest.Header] {
    let (id, time) = ("probe", String(Int(now.timeIntervalSince1970)))
    let code = AuthenticationCode.of([Array("\(id).\(time).".utf8), body], key: secret)
    return [
      HostileRequest.Header("webhook-id", id), HostileRequest.Header("webhook-timestamp", time),
      HostileRequest.Header("webhook-signature", "v1," + Data(code).base64EncodedString()),
    ]
  }

  private func receipt(_ id: String, _ body: Body) throws(ChannelRefusal) -> WebhookReceipt {
    let ids = [body.sender] + [body.room, body.thread].compactMap(\.self)
    guard ids.allSatisfy(WebhookProof.isID), let text = WebhookProof.text(body.message) else {
      throw .malformed
    }
    let message = InboundMessage(
      channel: route.name, client: route.client, sender: route.sender(body.sender),
      session: "default", text: text, idempotencyKey: id,
      place: InboundMessage.Place(
        account: route.name, room: body.room, thread: body.thread,
        isMention: body.mention ?? false),
      isFromBot: body.bot ?? false,
      route: route.replyURL.map { _ in
        ReplyRoute(
          conversation: body.room ?? body.sender, thread: body.thread, message: id,
          account: identity)
      })
    return WebhookReceipt([message]) { Self.answer($0.first) }
  }

  private static func answer(_ admission: Admission?) -> WebhookAnswer {
    switch admission {
    case .stored(let status, let isRepeat):
      json(202, Answer(accepted: true, duplicate: isRepeat, id: status.id.rawValue))
    case .denied(let why) where why == .rateLimited || why == .queueFull:
      json(429, Answer(accepted: false, reason: why.rawValue), retryAfter: 30)
    case .denied(let why): json(403, Answer(accepted: false, reason: why.rawValue))
    case nil: WebhookAnswer(503)
    }
  }

  private static func json(
    _ status: Int, _ answer: Answer, retryAfter: Int? = nil
  ) -> WebhookAnswer {
    // `try?`: an answer of fixed fields always has a JSON form; its status tells enough.
    let bytes = (try? ApplianceJSON.encode(answer)) ?? []
    return WebhookAnswer(
      status, type: "application/json", String(decoding: bytes, as: UTF8.self),
      retryAfter: retryAfter)
  }

  var identity: String? { "webhook \(route.name) \(route.replyURL ?? "")" }

  /// There is nobody to ask.
  func prove() async throws(DeliveryFailure) {}

  func parts(of text: String) -> [String] {
    TextParts(limit: 128 << 10, size: TextParts.utf8).parts(of: text)
  }

  func send(
    _ part: String, index: Int, key: String, to target: ReplyRoute
  ) async throws(DeliveryFailure) -> String? {
    guard let url = route.replyURL else { throw DeliveryFailure(.refused, "replyURL is not set") }
    let reply = Reply(
      text: part, conversation: target.conversation, thread: target.thread,
      inReplyTo: target.message, part: index)
    let body: [UInt8]
    do { body = try ApplianceJSON.encode(reply) } catch {
      throw DeliveryFailure(.refused, "the text has no JSON form")
    }
    let time = String(Int(Date().timeIntervalSince1970))
    let code = AuthenticationCode.of([Array("\(key).\(time).".utf8), body], key: secret)
    let answer = try await client.ask(
      PlatformRequest(
        url: url,
        headers: [
          ("webhook-id", key), ("webhook-timestamp", time),
          ("webhook-signature", "v1," + Data(code).base64EncodedString()),
        ], body: body, limit: 64 << 10))
    guard !answer.isSuccess else { return nil }
    // A receiver that knows the key has had the part already.
    if answer.status == 409 { return nil }
    let failure = answer.failure("the receiver refused")
    // Nobody's token was presented: 401 and 403 are what this receiver says of this text.
    throw failure.class == .unauthorized ? DeliveryFailure(.refused, failure.message) : failure
  }
}
