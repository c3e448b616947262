// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GatewayAPI
import HTTPTypes
import Hummingbird
import Testing

@testable import Gateway

/// Requests and problems as values.
struct GatewayValuesTests {
  @Test(arguments: [
    ("127.0.0.1:18790", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("localhost:1", "localhost"),
    ("LocalHost", "localhost"), ("[::1]:18790", "::1"), ("[::1]", "::1"), ("[::1", "::1"),
    ("evil.example:80", "evil.example"), ("", ""), (":80", ""), ("::1", ""),
    ("127.0.0.1.evil.example", "127.0.0.1.evil.example"),
  ])
  func hostIsReadFromTheAuthority(authority: String, host: String) {
    #expect(RequestGuard<BasicRequestContext>.hostName(authority) == host)
  }

  private static let long = String(repeating: "a", count: InboundMessage.textLimit)

  @Test(arguments: [
    ChatRequest(message: "hello"), ChatRequest(message: long), ChatRequest(message: " "),
    ChatRequest(message: "é\n🦀"), ChatRequest(message: "m", session: "a"),
    ChatRequest(message: "m", session: "A9.z_:-"),
    ChatRequest(message: "m", session: String(repeating: "s", count: 128)),
    ChatRequest(message: "m", sender: "U024BE7LH"), ChatRequest(message: "m", sender: "!~"),
    ChatRequest(message: "m", sender: String(repeating: "s", count: 255)),
  ])
  func requestIsAccepted(request: ChatRequest) {
    #expect(request.problem == nil)
  }

  static let refused: [(ChatRequest, String)] = [
    (ChatRequest(message: ""), "\"message\" is empty"),
    (ChatRequest(message: long + "a"), "\"message\" is over 65536 bytes"),
    (
      ChatRequest(message: String(repeating: "é", count: 40_000)),
      "\"message\" is over 65536 bytes"
    ),
    (ChatRequest(message: "a\u{0}b"), "\"message\" has a zero byte"),
    (ChatRequest(message: "m", session: ""), "\"session\" is not a session name"),
    (ChatRequest(message: "m", session: "a b"), "\"session\" is not a session name"),
    (ChatRequest(message: "m", session: "a/b"), "\"session\" is not a session name"),
    (ChatRequest(message: "m", session: "é"), "\"session\" is not a session name"),
    (ChatRequest(message: "m", session: "a\u{0}"), "\"session\" is not a session name"),
    (
      ChatRequest(message: "m", session: String(repeating: "s", count: 129)),
      "\"session\" is not a session name"
    ),
    (ChatRequest(message: "m", sender: ""), "\"sender\" is not a sender id"),
    (ChatRequest(message: "m", sender: "a b"), "\"sender\" is not a sender id"),
    (ChatRequest(message: "m", sender: "é"), "\"sender\" is not a sender id"),
    (ChatRequest(message: "m", sender: "a\u{7F}"), "\"sender\" is not a sender id"),
    (
      ChatRequest(message: "m", sender: String(repeating: "s", count: 256)),
      "\"sender\" is not a sender id"
    ),
  ]

  @Test(arguments: GatewayValuesTests.refused.indices)
  func requestIsRefusedWithAReason(index: Int) {
    let (request, problem) = Self.refused[index]
    #expect(request.problem == problem)
  }

  @Test func problemIsWrittenInTheFormOfTheStandard() throws {
    let problem = ProblemResponse(
      "bad-request", .badRequest, "The request is not valid", detail: "no \"message\"")
    let bytes = try ApplianceJSON.encode(problem.problem)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"detail":"no \"message\"","status":400,"title":"The request is not valid","#
        + #""type":"urn:kafclaw:problem:bad-request"}"#)
    #expect(problem.status.code == 400)
  }

  @Test func problemWithoutADetailLeavesItOut() throws {
    let bytes = try ApplianceJSON.encode(ProblemResponse.unauthorized.problem)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"status":401,"title":"A valid bearer token is required","#
        + #""type":"urn:kafclaw:problem:unauthorized"}"#)
  }

  @Test(arguments: [
    (Admission.Denial.unknownSender, 403, "unknown-sender"),
    (.channelDisabled, 403, "channel-disabled"), (.keyReused, 422, "idempotency-key-reused"),
  ])
  func everyDenialHasItsStatus(denial: Admission.Denial, status: Int, code: String) {
    let problem = ProblemResponse.denied(denial)
    #expect(problem.status.code == status)
    #expect(problem.problem.type == "urn:kafclaw:problem:\(code)")
  }

  @Test func challengesAndPausesAreSaid() {
    #expect(ProblemResponse.unauthorized.headers[.wwwAuthenticate] == "Bearer")
    #expect(ProblemResponse.unavailable.headers[.retryAfter] == "1")
    #expect(ProblemResponse.unavailable.status == .serviceUnavailable)
  }

  @Test func responsesAreNeverCachedOrGuessed() throws {
    let response = try JSONResponse.make(["a": 1])
    #expect(response.headers[.contentType] == "application/json")
    #expect(response.headers[.cacheControl] == "no-store")
    #expect(response.headers[.xContentTypeOptions] == "nosniff")
  }
}
