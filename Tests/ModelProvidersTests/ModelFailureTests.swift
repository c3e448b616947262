// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import ModelProviders

/// What is made of the errors that providers tell.
struct ModelFailureTests {
  struct Case: Sendable {
    let status: Int
    let body: String
    let kind: ModelFailure.Class
  }

  private static func openAI(
    _ status: Int, _ type: String, _ code: String?, _ kind: ModelFailure.Class,
    _ message: String = "m"
  ) -> Case {
    let code = code.map { "\"\($0)\"" } ?? "null"
    return Case(
      status: status,
      body: #"{"error":{"message":"\#(message)","type":"\#(type)","param":null,"code":\#(code)}}"#,
      kind: kind)
  }

  private static func anthropic(
    _ status: Int, _ type: String, _ kind: ModelFailure.Class, _ message: String = "m"
  ) -> Case {
    Case(
      status: status,
      body: #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"},"#
        + #""request_id":"req_1"}"#, kind: kind)
  }

  static let cases = [
    openAI(400, "invalid_request_error", "context_length_exceeded", .contextLength),
    openAI(400, "invalid_request_error", nil, .invalid),
    openAI(
      400, "BadRequestError", nil, .contextLength,
      "This model's maximum context length is 4096 tokens."),
    openAI(400, "invalid_request_error", "content_filter", .contentFilter),
    openAI(401, "invalid_request_error", "invalid_api_key", .authentication),
    openAI(403, "invalid_request_error", "unsupported_country_region_territory", .authentication),
    openAI(404, "invalid_request_error", "model_not_found", .invalid),
    openAI(422, "invalid_request_error", nil, .invalid),
    openAI(408, "timeout", nil, .transient), openAI(409, "conflict", nil, .transient),
    openAI(429, "requests", "rate_limit_exceeded", .rateLimited),
    openAI(429, "requests", "slow_down", .rateLimited), openAI(429, "x", nil, .rateLimited),
    openAI(429, "insufficient_quota", "insufficient_quota", .money),
    openAI(429, "billing", "credit_balance_exhausted", .money),
    openAI(429, "billing", "organization_spend_limit_exceeded", .money),
    openAI(429, "billing", "project_spend_limit_exceeded", .money),
    openAI(429, "billing", "organization_usage_limit_exceeded", .money),
    openAI(402, "x", nil, .money), openAI(500, "server_error", nil, .transient),
    openAI(502, "x", nil, .transient), openAI(504, "x", nil, .transient),
    openAI(503, "server_error", "server_is_overloaded", .overloaded),
    openAI(503, "x", nil, .overloaded), openAI(501, "x", nil, .invalid),
    anthropic(400, "invalid_request_error", .invalid),
    anthropic(
      400, "invalid_request_error", .contextLength, "prompt is too long: 9 tokens > 5 maximum"),
    anthropic(401, "authentication_error", .authentication),
    anthropic(402, "billing_error", .money), anthropic(403, "permission_error", .authentication),
    anthropic(404, "not_found_error", .invalid),
    anthropic(413, "request_too_large", .contextLength),
    anthropic(429, "rate_limit_error", .rateLimited),
    anthropic(429, "overloaded_error", .overloaded), anthropic(500, "api_error", .transient),
    anthropic(504, "timeout_error", .transient), anthropic(529, "overloaded_error", .overloaded),
    Case(status: 404, body: #"{"error":"model 'x' not found"}"#, kind: .invalid),
    Case(status: 401, body: #"{"detail":"Unauthorized"}"#, kind: .authentication),
    Case(
      status: 400, body: #"{"object":"error","message":"m","type":"BadRequestError","code":400}"#,
      kind: .invalid),
    Case(status: 502, body: "<html>Bad Gateway</html>", kind: .transient),
    Case(status: 500, body: "", kind: .transient), Case(status: 418, body: "{", kind: .invalid),
    Case(status: 200, body: #"{"error":{"message":"m","code":429}}"#, kind: .rateLimited),
    Case(status: 200, body: #"{"error":{"message":"m","type":"api_error"}}"#, kind: .transient),
    Case(
      status: 200, body: #"{"error":{"message":"m","code":"insufficient_quota"}}"#, kind: .money),
  ]

  @Test("every error has its class, over the wire")
  func classes() async throws {
    for one in Self.cases {
      let server = try ScriptedServer([.response("\(one.status) X", one.body)])
      let failure = try await HTTPProviderTests.failure(server)
      #expect(failure.class == one.kind, "\(one)")
      #expect(failure.status == (one.status == 200 ? nil : one.status))
      #expect(failure.provider == "main")
      #expect(failure.error.code.rawValue == "provider.\(one.kind.rawValue)")
    }
  }

  @Test("an error within a stream has its class", arguments: [false, true])
  func inStream(anthropic: Bool) async throws {
    let line =
      anthropic
      ? #"event: error\#ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}"#
      : #"data: {"error":{"message":"x","type":"server_error","code":"server_is_overloaded"}}"#
    let server = try ScriptedServer([.streamHead, .chunk(line + "\n\n"), .hold(20_000)])
    let failure = try await HTTPProviderTests.failure(server, anthropic: anthropic)
    #expect(failure.class == .overloaded)
  }

  @Test("only failures that pass may be retried, or another provider asked")
  func consequences() {
    for kind in ModelFailure.Class.allCases {
      let failure = ModelFailure(kind, provider: "p", "m")
      let passes = [.transient, .overloaded, .rateLimited].contains(kind)
      #expect(failure.isRetryable == passes)
      #expect(failure.isFallbackAllowed == passes)
    }
  }

  @Test("an echoed key and control characters are not shown")
  func echo() async throws {
    let key = HTTPProviderTests.keyText
    for body in [
      #"{"error":{"message":"bad key \#(key)\u001b[31m\u202e","type":"x","code":"\#(key)"}}"#,
      "bad key \(key) \u{1B}[31m", String(repeating: "y", count: 290) + key,
      #"{"error":{"message":"\#(String(repeating: "y", count: 70_000))\#(key)"}}"#,
    ] {
      let server = try ScriptedServer([.response("401 Unauthorized", body)])
      let failure = try await HTTPProviderTests.failure(server)
      let shown = "\(failure) \(failure.error) \(String(reflecting: failure))"
      #expect(!shown.contains(key.prefix(12)), "\(shown)")
      #expect(!shown.contains("\u{1B}"))
      #expect(failure.message.count < 400)
    }
  }

  @Test("a wait is read from every header that tells it")
  func retryAfter() async throws {
    for (header, wait) in [
      ("Retry-After: 7", Duration.seconds(7)), ("retry-after-ms: 250", .milliseconds(250)),
      ("Retry-After: 1.5", .milliseconds(1_500)), ("Retry-After: -1", nil),
      ("Retry-After: soon", nil), ("Retry-After: 99999999999999999999", .seconds(86_400)),
      ("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", .zero),
    ] as [(String, Duration?)] {
      let server = try ScriptedServer([
        .response("429 Too Many Requests", "{}", headers: header + "\r\n")
      ])
      #expect(try await HTTPProviderTests.failure(server).retryAfter == wait, "\(header)")
    }
    let now = Date(timeIntervalSince1970: 784_111_747)
    let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    #expect(RetryAfter.duration(milliseconds: nil, standard: date, now: now) == .seconds(30))
    for text in ["Sun, 99 Nov 1994 08:49:37 GMT", "x y Nov z a GMT", "", "a b c d e f"] {
      #expect(RetryAfter.duration(milliseconds: nil, standard: text, now: now) == nil)
    }
  }
}
