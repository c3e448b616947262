// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Channels

/// What adapters make of requests, and what they do to texts.
struct AdapterTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func secrets() -> ChannelSecrets {
    func secret(_ text: String) -> SecretValue { SecretValue(copying: text.utf8) }
    return ChannelSecrets(
      signing: secret("0123456789abcdef0123456789abcdef"), verify: secret("a-long-word"),
      token: secret("123:token"))
  }

  private func channel(_ type: ChannelType) async throws -> any WebhookChannel {
    let client = PlatformClient()
    let route = ChannelRoute(
      name: "c", type: type, account: type == .slack ? "A1" : "11",
      tenant: type == .slack ? "T1" : "22")
    let channel = try ChannelCatalog.channel(route, secrets(), client: client)
    try await client.shutdown()
    return try #require(channel as? any WebhookChannel)
  }

  private func request(
    _ channel: any WebhookChannel, _ body: String
  ) -> WebhookRequest {
    let bytes = Array(body.utf8)
    return WebhookRequest(
      headers: channel.proof(of: bytes, at: now).map { ($0.name, $0.value) }, body: bytes)
  }

  @Test("every hostile request is refused", arguments: [ChannelType.slack, .whatsapp, .webhook])
  func hostile(type: ChannelType) async throws {
    let channel = try await channel(type)
    for hostile in channel.hostileRequests(at: now) where hostile.name != "oversized" {
      let request = WebhookRequest(
        headers: hostile.headers.map { ($0.name, $0.value) }, body: hostile.body)
      #expect(throws: ChannelRefusal.self, "\(hostile.name)") {
        try channel.check(request, at: now)
        _ = try channel.receive(request, at: now)
      }
    }
  }

  @Test("one code has one spelling")
  func spelling() async throws {
    let channel = try await channel(.webhook)
    let body = Array(#"{"sender":"a","message":"b"}"#.utf8)
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
      let headers = channel.proof(of: body, at: now).map { header in
        let isCode = header.name == "webhook-signature"
        return (header.name, isCode ? header.value.dropLast(2) + "\(last)=" : header.value)
      }
      let request = WebhookRequest(headers: headers, body: body)
      let own = channel.proof(of: body, at: now).contains { $0.value.hasSuffix("\(last)=") }
      let taken = (try? channel.receive(request, at: now)) != nil
      #expect(taken == own, "\(last)")
    }
  }

  @Test("both of Slack's events of a message are one, an edit is none")
  func slack() async throws {
    let channel = try await channel(.slack)
    func receive(_ type: String, _ more: String = "") throws -> [InboundMessage] {
      let body =
        #"{"type":"event_callback","team_id":"T1","api_app_id":"A1","event":{"type":"\#(type)","user":"U1","channel":"C1","channel_type":"channel","ts":"1.2","text":"a &lt;b&gt; &amp;lt;"\#(more)}}"#
      return try channel.receive(request(channel, body), at: now).messages
    }
    let one = try #require(try receive("message").first)
    let other = try #require(try receive("app_mention").first)
    #expect(one.idempotencyKey == other.idempotencyKey && one.text == "a <b> &lt;")
    #expect(one.sender == "slack:T1/U1" && one.place.room == "C1" && one.place.thread == "1.2")
    #expect(try receive("message", #","subtype":"message_changed""#).isEmpty)
    #expect(try receive("message", #","app_id":"A1""#).isEmpty)
    #expect(try receive("message", #","user_team":"T2""#).first?.sender == "slack:T2/U1")
    #expect(try receive("message", #","user_team":"T 2""#).isEmpty)
    #expect(try receive("message", #","thread_ts":"\u0000""#).isEmpty)
  }

  @Test("nothing in a text calls anybody, or shows another address than it goes to")
  func escaping() {
    for text in ["<!channel>", "\u{600}<!channel|\u{600}>", "<\u{301}@U1>", "<https://a|b>\u{301}"]
    {
      let escaped = SlackText.escaped(text).unicodeScalars
      #expect(!escaped.contains("<") && !escaped.contains(">"), "\(text)")
      #expect(text.reduce(0) { $0 + SlackText.size($1) } == SlackText.escaped(text).utf16.count)
    }
  }

  @Test("a deep event costs itself, and nothing beside it")
  func depth() throws {
    let deep = String(repeating: "[", count: 500) + "\"]\"" + String(repeating: "]", count: 500)
    let text = #"{"a":{"b":\#(deep)},"c":[1,2],"d":"[[{"}"#
    let cut = ForeignJSON.shallow(Array(text.utf8))
    let value = try ApplianceJSON.decode(JSONValue.self, from: cut)
    #expect(value["c"] == [1, 2] && value["d"] == "[[{")
    let plain = Array(#"{"x":[{"y":"\"]"}],"z":{}}"#.utf8)
    #expect(ForeignJSON.shallow(plain) == plain)
  }

  @Test("of a notice with other numbers and kinds the messages are read")
  func whatsapp() async throws {
    let channel = try await channel(.whatsapp)
    func entry(_ business: String, _ value: String) -> String {
      #"{"object":"whatsapp_business_account","entry":[{"id":"\#(business)","changes":[{"field":"messages","value":\#(value)}]}]}"#
    }
    func receive(_ body: String) throws -> [InboundMessage] {
      try channel.receive(request(channel, body), at: now).messages
    }
    let message =
      #"{"from":"49","id":"wamid.1","timestamp":"1800000000","type":"text","text":{"body":"hi"}}"#
    let meta = #""metadata":{"phone_number_id":"11"}"#
    #expect(try receive(entry("22", "{\(meta),\"messages\":[{},\(message),7]}")).count == 1)
    #expect(try receive(entry("22", #"{"event":"APPROVED"}"#)).isEmpty)
    #expect(throws: ChannelRefusal.wrongTenant) { try receive(entry("23", #"{"a":1}"#)) }
    let group = message.replacing("\"type\"", with: "\"group_id\":\"g\",\"type\"")
    #expect(try receive(entry("22", "{\(meta),\"messages\":[\(group)]}")).isEmpty)
    let old = message.replacing("1800000000", with: "1799000000")
    #expect(try receive(entry("22", "{\(meta),\"messages\":[\(old)]}")).isEmpty)
  }

  @Test("ids of senders say their platform")
  func senders() {
    func route(_ type: ChannelType) -> ChannelRoute {
      ChannelRoute(name: "n", type: type, tenant: "T1")
    }
    #expect(route(.slack).listed("U1") == "slack:T1/U1")
    #expect(route(.slack).listed("slack:T2/U1") == "slack:T2/U1")
    #expect(route(.matrix).listed("@a:b") == "matrix:@a:b")
    #expect(route(.webhook).listed("ci") == "webhook:n/ci")
    #expect(route(.web).listed("telegram:1") == "telegram:1")
  }
}
