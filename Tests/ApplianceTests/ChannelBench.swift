// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AsyncHTTPClient
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// An appliance with a channel of each kind, and the platforms they belong to.
struct ChannelBench {
  static let slackSecret = "8f742231b10e8888abcd99yyyzzz85a5"
  static let whatsappSecret = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
  static let hookSecret = "whsec_" + Data((0..<32).map { UInt8($0 &+ 7) }).base64EncodedString()
  static let word = "verify-word-7741"

  let appliance: RunningAppliance
  let platforms: ChatPlatforms

  init(_ name: String, more: String = "") async throws {
    platforms = try ChatPlatforms()
    appliance = try RunningAppliance(name: name)
    try write(Self.channels(platforms.url) + more)
  }

  /// Commits these channels.
  ///
  /// - Parameter more: What follows them in the file.
  func write(_ channels: String, more: String = "") throws {
    let yaml = RunningAppliance.yaml(
      port: appliance.port, dashboardPort: appliance.dashboardPort)
    let text = yaml.replacing("channels:\n", with: "channels:\n" + channels)
    try appliance.repository.commit(["kafclaw.yaml": text + more])
  }

  static func channels(_ url: String, leaving: Set<String> = []) -> String {
    let all = [
      "slack": """
        team-slack: {type: slack, account: A0APP, tenant: T0TEAM, baseURL: "\(url)/slack/api",
          signingSecret: "env:SLACK_SIGNING", botToken: "env:SLACK_BOT", allow: [U0ALICE],
          requireMention: false}
      """,
      "telegram": """
        phone: {type: telegram, baseURL: "\(url)/telegram", botToken: "env:TELEGRAM_BOT",
          allow: ["7000000001"]}
      """,
      "whatsapp": """
        shop: {type: whatsapp, account: "106540352242922", tenant: "102290129340398",
          baseURL: "\(url)/whatsapp", signingSecret: "env:WHATSAPP_SECRET",
          verifyToken: "env:WHATSAPP_WORD", botToken: "env:WHATSAPP_BOT", allow: ["16505551234"]}
      """,
      "matrix": """
        ops-room: {type: matrix, account: "@kafclaw:example.org", baseURL: "\(url)/matrix",
          botToken: "env:MATRIX_BOT", allow: ["@alice:example.org"]}
      """,
      "webhook": """
        ci: {type: webhook, signingSecret: "env:HOOK_SECRET", replyURL: "\(url)/hook/ci",
          allow: [builder]}
      """,
    ]
    return all.filter { !leaving.contains($0.key) }.sorted { $0.key < $1.key }
      .map { $0.value + "\n" }.joined()
  }

  var environment: [String: String] {
    [
      "KAFCLAW_GATEWAY_AUTH_TOKEN": appliance.token, "SLACK_SIGNING": Self.slackSecret,
      "SLACK_BOT": ChatPlatforms.slackToken, "TELEGRAM_BOT": ChatPlatforms.telegramToken,
      "WHATSAPP_SECRET": Self.whatsappSecret, "WHATSAPP_WORD": Self.word,
      "WHATSAPP_BOT": ChatPlatforms.whatsappToken, "MATRIX_BOT": ChatPlatforms.matrixToken,
      "HOOK_SECRET": Self.hookSecret,
    ]
  }

  func start() async throws { try await appliance.startReady(environment: environment) }

  struct Answer: Equatable {
    let status: UInt
    let body: String
  }

  /// A request without the appliance's token: what a platform sends.
  func post(
    _ path: String, _ body: String, _ headers: [String: String], method: HTTPMethod = .POST
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(appliance.port)\(path)")
    request.method = method
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if method == .POST { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return Answer(status: response.status.code, body: String(buffer: bytes))
  }

  static func code(_ text: String, key: String) -> [UInt8] {
    Array(
      HMAC<SHA256>.authenticationCode(
        for: Data(text.utf8), using: SymmetricKey(data: Data(key.utf8))))
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
  }

  static func slackHeaders(_ body: String, at time: Date = Date()) -> [String: String] {
    let seconds = "\(Int(time.timeIntervalSince1970))"
    return [
      "Content-Type": "application/json", "X-Slack-Request-Timestamp": seconds,
      "X-Slack-Signature": "v0="
        + hexadecimal(code("v0:\(seconds):\(body)", key: slackSecret)),
    ]
  }

  static func slackMessage(
    _ text: String, ts: String, type: String = "message", channel: String = "D0ALICE",
    user: String = "U0ALICE", team: String = "T0TEAM", app: String = "A0APP"
  ) -> String {
    let kind =
      type == "message" ? #""channel_type":"\#(channel.hasPrefix("D") ? "im" : "channel")","# : ""
    return """
      {"token":"z26uFbvR1xHJEdHE1OQiO6t8","team_id":"\(team)","api_app_id":"\(app)","event":{"user":\
      "\(user)","type":"\(type)","ts":"\(ts)",\(kind)"text":"\(text)","team":"\(team)","channel":\
      "\(channel)","event_ts":"\(ts)"},"type":"event_callback","event_id":"Ev\(ts)\(type)"}
      """
  }

  func slack(_ body: String) async throws -> Answer {
    try await post("/channels/team-slack", body, Self.slackHeaders(body))
  }

  static func whatsappMessage(
    _ text: String, id: String, from: String = "16505551234", number: String = "106540352242922",
    business: String = "102290129340398"
  ) -> String {
    """
    {"object":"whatsapp_business_account","entry":[{"id":"\(business)","changes":[{"value":\
    {"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881",\
    "phone_number_id":"\(number)"},"contacts":[{"profile":{"name":"Sheena"},"wa_id":"\(from)"}],\
    "messages":[{"from":"\(from)","id":"\(id)","timestamp":\
    "\(Int(Date().timeIntervalSince1970))","type":"text","text":{"body":"\(text)"}}]},\
    "field":"messages"}]}]}
    """
  }

  func whatsapp(_ body: String) async throws -> Answer {
    try await post(
      "/channels/shop", body,
      [
        "Content-Type": "application/json",
        "X-Hub-Signature-256": "sha256="
          + Self.hexadecimal(Self.code(body, key: Self.whatsappSecret)),
      ])
  }

  static func hookHeaders(
    _ body: String, id: String, at time: Date = Date()
  ) -> [String: String] {
    let seconds = "\(Int(time.timeIntervalSince1970))"
    let key = Data(base64Encoded: String(hookSecret.dropFirst(6))) ?? Data()
    let code = HMAC<SHA256>.authenticationCode(
      for: Data("\(id).\(seconds).\(body)".utf8), using: SymmetricKey(data: key))
    return [
      "Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": seconds,
      "webhook-signature": "v1,x v1," + Data(code).base64EncodedString(),
    ]
  }

  func hook(_ body: String, id: String, at time: Date = Date()) async throws -> Answer {
    try await post("/channels/ci", body, Self.hookHeaders(body, id: id, at: time))
  }
}
