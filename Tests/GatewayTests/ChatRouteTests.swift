// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GatewayAPI
import Testing

@testable import Gateway

/// `POST /chat` and the messages it leads to, over real connections.
@Suite(.timeLimit(.minutes(2)))
struct ChatRouteTests {
  @Test func messageIsAnsweredAtOnce() async throws {
    try await RunningGateway.run { gateway in
      let reply = try await gateway.chat(
        #"{"message":"hello","session":"s1","sender":"alice"}"#,
        headers: [("Idempotency-Key", "key-1")])
      #expect(reply.status == 200)
      #expect(reply.headers["content-type"] == "application/json")
      let value = try reply.json()
      #expect(
        value == [
          "id": "m1", "reply": "hi", "traceID": "t-m1", "usage": ["input": 2, "output": 1],
        ])
      #expect(
        gateway.supervisor.admitted == [
          InboundMessage(
            channel: "web", client: "gateway", sender: "alice", session: "s1", text: "hello",
            idempotencyKey: "key-1")
        ])
    }
  }

  @Test func sessionSenderAndKeyHaveDefaults() async throws {
    try await RunningGateway.run { gateway in
      for _ in 1...2 { _ = try await gateway.chat() }
      let admitted = gateway.supervisor.admitted
      #expect(admitted.map(\.session) == ["default", "default"])
      #expect(admitted.map(\.sender) == [nil, nil])
      #expect(Set(admitted.map(\.idempotencyKey)).count == 2)
      #expect(admitted.allSatisfy { $0.idempotencyKey.utf8.count >= 32 })
    }
  }

  @Test(arguments: ["respond-async", "Respond-Async", "wait=5, respond-async", "respond-async,x"])
  func messageIsAcceptedForLater(preference: String) async throws {
    try await RunningGateway.run { gateway in
      let reply = try await gateway.chat(headers: [("Prefer", preference)])
      #expect(reply.status == 202)
      #expect(reply.headers["location"] == "/api/v1/messages/m1")
      let value = try reply.json()
      #expect(value["state"] == "queued")
      #expect(value["id"] == "m1")
      let later = try await gateway.get(reply.headers["location"] ?? "")
      #expect(later.status == 200)
      let message = try later.json()
      #expect(message["state"] == "answered")
      #expect(message["reply"] == "hi")
    }
  }

  @Test(arguments: ["", "wait=5", "respond", "respond-async-please", "xrespond-async"])
  func otherPreferencesAreIgnored(preference: String) async throws {
    try await RunningGateway.run { gateway in
      let reply = try await gateway.chat(headers: [("Prefer", preference)])
      #expect(reply.status == 200)
    }
  }

  @Test func messageThatIsNotReadyInTimeIsAcceptedForLater() async throws {
    try await RunningGateway.run { gateway in
      gateway.supervisor.end(as: .processing, nil)
      let reply = try await gateway.chat()
      #expect(reply.status == 202)
      #expect(reply.headers["location"] == "/api/v1/messages/m1")
    }
  }

  @Test func failedMessageIsAProblem() async throws {
    try await RunningGateway.run { gateway in
      gateway.supervisor.end(as: .failed, "it was tried three times")
      let reply = try await gateway.chat()
      #expect(reply.status == 502)
      #expect(reply.problem == "message-failed")
    }
  }

  @Test(arguments: [
    (Admission.Denial.unknownSender, 403), (.channelDisabled, 403), (.keyReused, 422),
  ])
  func deniedMessageIsAProblem(denial: Admission.Denial, status: Int) async throws {
    try await RunningGateway.run { gateway in
      gateway.supervisor.deny(denial)
      let reply = try await gateway.chat()
      #expect(reply.status == status)
      #expect(reply.problem == denial.rawValue)
    }
  }

  @Test func unknownMessageIsNotFound() async throws {
    try await RunningGateway.run { gateway in
      for path in ["/api/v1/messages/x", "/api/v1/messages/"] {
        let reply = try await gateway.get(path)
        #expect(reply.status == 404, "\(path)")
      }
    }
  }

  @Test func supervisorThatFailsIsNotExplained() async throws {
    try await RunningGateway.run { gateway in
      gateway.supervisor.fail(ApplianceError(.init("test.secret"), "canary-81c3"))
      for reply in [
        try await gateway.chat(), try await gateway.get("/readyz"),
        try await gateway.get("/api/v1/status", port: gateway.dashboard),
      ] {
        #expect(reply.status == 500)
        #expect(reply.problem == "internal")
        #expect(!reply.text.contains("canary"))
      }
    }
  }

  static let malformed = [
    "", "{", "[]", "null", "\"hello\"", "{}", #"{"message":1}"#, #"{"message":null}"#,
    #"{"message":""}"#, #"{"text":"hello"}"#, #"{"message":"hello","session":"a b"}"#,
    #"{"message":"hello","session":7}"#, #"{"message":"hello","sender":""}"#,
    #"{"message":"a\u0000b"}"#, #"{"message":"hello"}x"#, "{\"message\":\"\u{1}\"}",
    String(repeating: "[", count: 10_000),
  ]

  @Test func malformedBodyIsABadRequest() async throws {
    try await RunningGateway.run { gateway in
      for body in Self.malformed {
        let reply = try await gateway.chat(body)
        #expect(reply.status == 400, "\(body.prefix(60))")
        #expect(reply.problem == "bad-request")
      }
      let broken = try await PlainHTTP.send(
        "POST", "/chat", port: gateway.port,
        headers: [RunningGateway.bearer, RunningGateway.json], body: [0x22, 0xC3, 0x28, 0x22])
      #expect(broken.status == 400)
      #expect(gateway.supervisor.admitted == [])
    }
  }

  @Test(arguments: ["", " ", String(repeating: "k", count: 256), "k\u{7F}", "k\u{E9}"])
  func malformedKeyIsABadRequest(key: String) async throws {
    try await RunningGateway.run { gateway in
      let reply = try await gateway.chat(headers: [("Idempotency-Key", key)])
      #expect(reply.status == 400)
      #expect(gateway.supervisor.admitted == [])
    }
  }

  @Test func twoKeysAreABadRequest() async throws {
    try await RunningGateway.run { gateway in
      let reply = try await gateway.chat(
        headers: [("Idempotency-Key", "one"), ("Idempotency-Key", "two")])
      #expect(reply.status == 400)
    }
  }
}
