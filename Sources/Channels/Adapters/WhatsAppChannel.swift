// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// A phone number of the WhatsApp Cloud API (developers.facebook.com/docs/whatsapp/cloud-api).
///
/// Its requests have no signed time: a repeat is known by its message id, which the timeline keeps.
/// It knows no idempotency key: a text whose answer got lost may appear twice.
struct WhatsAppChannel: WebhookChannel {
  /// Meta repeats for seven days what was not acknowledged. Seconds.
  private static let longestRepeat = 7 * 86_400.0
  private static let version = "v23.0"

  private struct Number: Decodable { let id: String }

  private struct Sent: Decodable {
    struct Message: Decodable { let id: String }
    let messages: [Message]
  }

  private struct Failed: Decodable {
    struct Description: Decodable {
      let code: Int?
      let message: String?
    }
    let error: Description
  }

  let route: ChannelRoute
  let bodyLimit = 3 << 20
  private let number: String
  private let business: String
  private let secret: SecretValue
  private let word: SecretValue
  private let token: SecretValue
  private let address: PlatformAddress
  private let client: PlatformClient

  /// - Throws: `channel.unusable`.
  init(_ route: ChannelRoute, _ secrets: ChannelSecrets, _ client: PlatformClient) throws {
    (self.route, self.client) = (route, client)
    number = try ChannelCatalog.need(route.account, "account", route)
    business = try ChannelCatalog.need(route.tenant, "tenant", route)
    secret = try ChannelCatalog.need(secrets.signing, "signingSecret", route, least: 16)
    word = try ChannelCatalog.need(secrets.verify, "verifyToken", route)
    token = try ChannelCatalog.need(secrets.token, "botToken", route)
    address = try PlatformAddress(route, standard: "https://graph.facebook.com")
  }

  /// "Webhooks, Verification requests": the word proves that the operator set this webhook up; it
  /// authenticates nothing later.
  func handshake(_ request: WebhookRequest) throws(ChannelRefusal) -> WebhookAnswer? {
    let fields = FormFields(request.query)
    guard let presented = fields["hub.verify_token"] else { throw .unsigned }
    guard SecretValue(copying: presented.utf8).isEqual(to: word) else { throw .forged }
    guard fields["hub.mode"] == "subscribe", let challenge = fields["hub.challenge"],
      (1...1_024).contains(challenge.utf8.count),
      challenge.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .malformed }
    return WebhookAnswer(200, challenge)
  }

  func check(_ head: WebhookRequest, at _: Date) throws(ChannelRefusal) {
    guard let signature = head.header("x-hub-signature-256") else { throw .unsigned }
    guard WebhookProof.hexadecimal(signature, after: "sha256=") != nil else { throw .forged }
  }

  func receive(_ request: WebhookRequest, at now: Date) throws(ChannelRefusal) -> WebhookReceipt {
    guard let signature = request.header("x-hub-signature-256") else { throw .unsigned }
    guard let code = WebhookProof.hexadecimal(signature, after: "sha256="),
      AuthenticationCode.isValid(code, of: [request.body], key: secret)
    else { throw .forged }
    let notice = try WebhookProof.decode(WhatsAppNotice.self, request.body)
    // An app may serve several numbers; what is another's is another channel's.
    // What is no message, or unreadable, is still this account's.
    let own = notice.entries.filter { $0.id == business }
    guard !own.isEmpty || notice.entries.isEmpty else { throw .wrongTenant }
    let changes = own.flatMap(\.changes).filter { $0.number == number }
    return WebhookReceipt(changes.flatMap(\.messages).compactMap { message($0, now) })
  }

  func proof(of body: [UInt8], at _: Date) -> [HostileRequest.Header] {
    let code = AuthenticationCode.of([body], key: secret)
    return [HostileRequest.Header("x-hub-signature-256", "sha256=" + Hexadecimal.encode(code))]
  }

  var hasWindow: Bool { false }

  var emptyBody: [UInt8] {
    CanonicalJSON.bytes(["entry": [["id": .string(business), "changes": []]]])
  }

  var foreignBody: [UInt8]? {
    let value: JSONValue = ["metadata": ["phone_number_id": "0"]]
    return CanonicalJSON.bytes(["entry": [["id": "0", "changes": [["value": value]]]]])
  }

  private func message(_ message: WhatsAppNotice.Message, _ now: Date) -> InboundMessage? {
    guard !message.isInGroup, let author = message.from, WebhookProof.isID(author),
      WebhookProof.isID(message.id),
      let time = message.timestamp.flatMap(WebhookProof.time),
      now.timeIntervalSince1970 - time <= Self.longestRepeat,
      let text = WebhookProof.text(message.words)
    else { return nil }
    return InboundMessage(
      channel: route.name, client: route.client, sender: route.sender(author), session: "default",
      text: text, idempotencyKey: message.id,
      place: InboundMessage.Place(account: number, room: nil, isMention: false),
      route: ReplyRoute(conversation: author, message: message.id, account: identity))
  }

  var identity: String? { "whatsapp \(number)" }

  func prove() async throws(DeliveryFailure) {
    let answer = try await client.ask(
      PlatformRequest(
        method: "GET", url: "\(address.root)/\(Self.version)/\(number)?fields=id", bearer: token))
    guard answer.isSuccess, let known = answer.decoded(Number.self) else {
      throw Self.failure(answer)
    }
    guard known.id == number else {
      throw DeliveryFailure(.unauthorized, "the platform knows another number than \(number)")
    }
  }

  func parts(of text: String) -> [String] {
    TextParts(limit: 4_096, size: TextParts.utf16).parts(of: text)
  }

  func send(
    _ part: String, index _: Int, key: String, to target: ReplyRoute
  ) async throws(DeliveryFailure) -> String? {
    var body: [String: JSONValue] = [
      "messaging_product": "whatsapp", "recipient_type": "individual",
      "to": .string(target.conversation), "type": "text",
      "text": ["body": .string(part), "preview_url": false],
      "biz_opaque_callback_data": .string(key),
    ]
    if let answered = target.message { body["context"] = ["message_id": .string(answered)] }
    let answer = try await client.ask(
      PlatformRequest(
        url: "\(address.root)/\(Self.version)/\(number)/messages", bearer: token,
        body: CanonicalJSON.bytes(.object(body))))
    guard answer.isSuccess, let sent = answer.decoded(Sent.self) else {
      throw Self.failure(answer)
    }
    return sent.messages.first?.id
  }

  /// "Error codes" of the Cloud API.
  private static func failure(_ answer: PlatformAnswer) -> DeliveryFailure {
    guard let error = answer.decoded(Failed.self)?.error, let code = error.code else {
      return answer.isSuccess
        ? DeliveryFailure(.transient, "the platform answered something else")
        : answer.failure("no reason given")
    }
    let words = "\(code) " + (error.message ?? "")
    return switch code {
    case 4, 80_007, 130_429, 131_048, 131_056:
      DeliveryFailure(.busy, words, retryAfter: answer.retryAfter ?? 6)
    case 0, 3, 10, 190, 200...299: DeliveryFailure(.unauthorized, words)
    case 1, 2, 131_000, 131_016, 133_004: DeliveryFailure(.transient, words)
    default:
      answer.status >= 500
        ? DeliveryFailure(.transient, words) : DeliveryFailure(.refused, words)
    }
  }
}
