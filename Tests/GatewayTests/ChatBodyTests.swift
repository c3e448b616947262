// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Gateway

/// Type and size of a body, over real connections.
@Suite(.timeLimit(.minutes(2)))
struct ChatBodyTests {
  private static let body = Array(#"{"message":"hello"}"#.utf8)

  private func send(
    _ gateway: RunningGateway, type: String?, body: [UInt8] = body
  ) async throws -> PlainHTTP.Reply {
    try await PlainHTTP.send(
      "POST", "/chat", port: gateway.port,
      headers: [RunningGateway.bearer, ("Content-Type", type)], body: body)
  }

  @Test func otherMediaTypesAreRefused() async throws {
    try await RunningGateway.run { gateway in
      let types: [String?] = [
        nil, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json",
        "application/jsonx", "application/json+x", "text/json", ";application/json",
      ]
      for type in types {
        let reply = try await send(gateway, type: type)
        #expect(reply.status == 415, "\(type ?? "-")")
        #expect(reply.problem == "unsupported-media-type")
      }
      #expect(gateway.supervisor.admitted == [])
    }
  }

  /// RFC 9110 §8.3.1: white space may stand around the semicolon, case does not matter.
  @Test(arguments: [
    "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8",
    "Application/JSON", "application/json ; charset=utf-8", "application/json\t;charset=utf-8",
  ])
  func mediaTypeMayHaveParameters(type: String) async throws {
    try await RunningGateway.run { gateway in
      let reply = try await send(gateway, type: type)
      #expect(reply.status == 200)
    }
  }

  private func padded(to size: Int) -> [UInt8] {
    Self.body + [UInt8](repeating: UInt8(ascii: " "), count: size - Self.body.count)
  }

  @Test func largestBodyIsAccepted() async throws {
    try await RunningGateway.run { gateway in
      let body = padded(to: JSONBody.limit)
      let reply = try await send(gateway, type: "application/json", body: body)
      #expect(reply.status == 200)
    }
  }

  @Test(arguments: [1, 4 << 20])
  func largerBodyIsRefused(excess: Int) async throws {
    try await RunningGateway.run { gateway in
      let body = padded(to: JSONBody.limit + excess)
      let reply = try await send(gateway, type: "application/json", body: body)
      #expect(reply.status == 413)
      #expect(reply.problem == "content-too-large")
      #expect(gateway.supervisor.admitted == [])
      let next = try await gateway.chat()
      #expect(next.status == 200)
    }
  }

  @Test func largerBodyInChunksIsRefused() async throws {
    try await RunningGateway.run { gateway in
      let chunk = [UInt8](repeating: UInt8(ascii: " "), count: 65_536)
      var body: [UInt8] = []
      for _ in 0..<10 { body += Array("10000\r\n".utf8) + chunk + Array("\r\n".utf8) }
      body += Array("0\r\n\r\n".utf8)
      let reply = try await PlainHTTP.send(
        "POST", "/chat", port: gateway.port,
        headers: [
          RunningGateway.bearer, RunningGateway.json, ("Content-Length", nil),
          ("Transfer-Encoding", "chunked"),
        ], body: body)
      #expect(reply.status == 413)
    }
  }

  @Test func tooLongMessageIsABadRequest() async throws {
    try await RunningGateway.run { gateway in
      let text = String(repeating: "a", count: InboundMessage.textLimit)
      let good = try await gateway.chat("{\"message\":\"\(text)\"}")
      #expect(good.status == 200)
      let bad = try await gateway.chat("{\"message\":\"\(text)a\"}")
      #expect(bad.status == 400)
      #expect(gateway.supervisor.admitted.count == 1)
    }
  }

  /// Authentication comes before a byte of the body is read.
  @Test func bodyOfAStrangerIsNotRead() async throws {
    try await RunningGateway.run { gateway in
      let reply = try await PlainHTTP.send(
        "POST", "/chat", port: gateway.port,
        headers: [RunningGateway.json, ("Content-Length", "400000")], body: [0x7B])
      #expect(reply.status == 401)
    }
  }

  @Test func ambiguousLengthIsRefused() async throws {
    try await RunningGateway.run { gateway in
      let reply = try await PlainHTTP.send(
        "POST", "/chat", port: gateway.port,
        headers: [RunningGateway.bearer, RunningGateway.json, ("Transfer-Encoding", "chunked")],
        body: Self.body)
      #expect(reply.status == 400)
      #expect(gateway.supervisor.admitted == [])
    }
  }
}
