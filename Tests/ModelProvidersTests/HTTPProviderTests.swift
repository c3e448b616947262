// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Synchronization
import Testing

@testable import ModelProviders

/// Providers over the loopback: what they send, and what they make of every kind of answer.
struct HTTPProviderTests {
  static let keyText = "sk-test-0123456789abcdef"
  typealias Step = ScriptedServer.Step

  static func key() -> SecretValue { SecretValue(copying: Array(keyText.utf8)) }

  static func route(_ server: ScriptedServer, anthropic: Bool = false) -> ModelRoute {
    let root = "http://127.0.0.1:\(server.port)"
    return ModelRoute(
      provider: "main", protocol: anthropic ? .anthropic : .openai,
      baseURL: anthropic ? root : root + "/v1", model: "gpt-x", answerTokens: 100, timeout: 20)
  }

  static let request = CompletionRequest(
    assistant: "Claw", instructions: "Be brief.", history: [], text: "hi", calls: [],
    tools: [
      ToolDescription(name: "get_weather", summary: "Weather", parameters: ["type": "object"])
    ],
    user: "digest")

  /// Asks a server once.
  static func ask(
    _ server: ScriptedServer, anthropic: Bool = false, limits: ExchangeLimits? = nil,
    _ request: CompletionRequest = request
  ) async throws -> Completion {
    try await withModelClient { client in
      let provider = try ProviderCatalog.provider(
        for: route(server, anthropic: anthropic), key: key(), client: client)
      var http = try #require(provider as? HTTPProvider)
      if let limits { http.limits = limits }
      return try await http.complete(request)
    }
  }

  static func failure(
    _ server: ScriptedServer, anthropic: Bool = false, limits: ExchangeLimits? = nil
  ) async throws -> ModelFailure {
    try #require(
      await #expect(throws: ModelFailure.self) {
        try await ask(server, anthropic: anthropic, limits: limits)
      })
  }

  @Test("a streamed answer comes over the wire", arguments: WireFixtures.all)
  func stream(fixture: WireFixtures.Fixture) async throws {
    let server = try ScriptedServer([.streamHead, .chunk(fixture.stream), .streamEnd])
    let completion = try await Self.ask(server, anthropic: fixture.isAnthropic)
    #expect(completion.move == fixture.move)
    #expect(completion.usage == fixture.usage)
    #expect(completion.model == (fixture.isAnthropic ? "claude-x" : "gpt-x"))
    #expect(completion.requestID == "req_1")
    #expect(completion.provider == "main")
  }

  @Test("the key goes into one header, and nowhere else", arguments: [false, true])
  func key(anthropic: Bool) async throws {
    let stream = anthropic ? WireFixtures.anthropicText : WireFixtures.openAIText
    let server = try ScriptedServer([.streamHead, .chunk(stream), .streamEnd])
    _ = try await Self.ask(server, anthropic: anthropic)
    let request = try #require(server.requests.first)
    let line = try #require(request.head.split(separator: "\r\n").first)
    #expect(line == "POST /v1/\(anthropic ? "messages" : "chat/completions") HTTP/1.1")
    #expect(request.header("authorization") == (anthropic ? nil : "Bearer \(Self.keyText)"))
    #expect(request.header("x-api-key") == (anthropic ? Self.keyText : nil))
    #expect(request.header("anthropic-version") == (anthropic ? "2023-06-01" : nil))
    #expect(request.head.components(separatedBy: Self.keyText).count == 2)
    #expect(!String(decoding: request.body, as: UTF8.self).contains(Self.keyText))
  }

  @Test("a server that does not stream is understood")
  func wholeAnswers() async throws {
    let openAI = #"""
      {"id":"chatcmpl-1","object":"chat.completion","created":1.5,"model":"gpt-x","choices":[
      {"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_a1",
      "type":"function","function":{"name":"get_weather",
      "arguments":"{\"location\":\"San Francisco, CA\"}"}}]},"finish_reason":"tool_calls"}],
      "usage":{"prompt_tokens":82,"completion_tokens":17,"cost":0.00125}}
      """#
    let first = try await Self.ask(try ScriptedServer([.response("200 OK", openAI)]))
    #expect(first.move == WireFixtures.weather)
    #expect(first.usage == TokenUsage(input: 82, output: 17))
    let anthropic = #"""
      {"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[
      {"type":"text","text":"Looking"},{"type":"tool_use","id":"toolu_1","name":"read_file",
      "input":{"path":"a"}}],"stop_reason":"tool_use","stop_sequence":null,
      "usage":{"input_tokens":1,"output_tokens":2}}
      """#
    let second = try await Self.ask(
      try ScriptedServer([.response("200 OK", anthropic)]), anthropic: true)
    let call = RequestedCall(tool: "read_file", arguments: ["path": "a"], reference: "toolu_1")
    #expect(second.move == .calls([call], remark: "Looking"))
  }

  @Test("a redirect is not followed, so the key stays", arguments: [301, 302, 307, 308])
  func redirect(status: Int) async throws {
    let other = try ScriptedServer([.streamHead, .chunk(WireFixtures.openAIText), .streamEnd])
    let server = try ScriptedServer([
      .response(
        "\(status) Moved", "",
        headers: "Location: http://127.0.0.1:\(other.port)/v1/chat/completions\r\n")
    ])
    let failure = try await Self.failure(server)
    #expect(failure.class == .invalid)
    #expect(failure.status == status)
    #expect(other.connections == 0)
  }

  @Test("bytes that drip in without an event end at the idle time")
  func drip() async throws {
    let drops = (0..<1_000).flatMap { _ in [Step.chunk("x"), .hold(50)] }
    let server = try ScriptedServer([.streamHead] + drops)
    let limits = ExchangeLimits(total: .seconds(60), idle: .milliseconds(300))
    let begin = ContinuousClock().now
    let failure = try await Self.failure(server, limits: limits)
    #expect(failure.class == .transient)
    #expect(failure.message.hasPrefix("nothing arrived for"))
    #expect(ContinuousClock().now - begin < .seconds(30))
  }

  @Test("comments keep an answer alive, though not beyond the total time")
  func comments() async throws {
    let pings = (0..<400).flatMap { _ in [Step.chunk(": ping\n"), .hold(50)] }
    let server = try ScriptedServer([.streamHead] + pings)
    let limits = ExchangeLimits(total: .milliseconds(1_500), idle: .milliseconds(700))
    let failure = try await Self.failure(server, limits: limits)
    #expect(failure.message.hasPrefix("the answer took more than"))
  }

  @Test("a server that never answers ends at the total time")
  func silence() async throws {
    let server = try ScriptedServer([.hold(60_000)])
    let limits = ExchangeLimits(total: .milliseconds(400), idle: .milliseconds(100))
    let failure = try await Self.failure(server, limits: limits)
    #expect(failure.class == .transient)
    #expect(failure.message.hasPrefix("the answer took more than"))
  }

  @Test("a response that goes on after the answer's end is left alone")
  func openEnd() async throws {
    // It ends when the client does: whoever waited for its end would wait in vain.
    let server = try ScriptedServer([.streamHead, .chunk(WireFixtures.openAIText), .hold(-1)])
    let completion = try await Self.ask(server)
    #expect(completion.move == .reply("Hello wörld 👋"))
  }

  @Test("a connection is used again")
  func reuse() async throws {
    let server = try ScriptedServer([
      .streamHead, .chunk(WireFixtures.openAIText), .hold(50), .streamEnd, .next,
    ])
    try await withModelClient { client in
      let provider = try ProviderCatalog.provider(
        for: Self.route(server), key: Self.key(), client: client)
      for _ in 1...3 { _ = try await provider.complete(Self.request) }
    }
    #expect(server.requests.count == 3)
    #expect(server.connections == 1)
  }

  @Test("a broken connection is transient", arguments: [0, 1])
  func broken(part: Int) async throws {
    let cut = String(WireFixtures.openAITool.prefix(900))
    let scripts: [[Step]] = [[], [.streamHead, .chunk(cut)]]
    let server = try ScriptedServer(scripts[part])
    #expect(try await Self.failure(server).class == .transient)
  }

  @Test("nobody listening is transient, at once")
  func refused() async throws {
    let port = try ScriptedServer([]).port
    let route = ModelRoute(
      provider: "main", protocol: .openai, baseURL: "http://127.0.0.1:\(port)", model: "m")
    let begin = ContinuousClock().now
    let failure = try await withModelClient { client in
      let provider = try ProviderCatalog.provider(for: route, key: Self.key(), client: client)
      return await #expect(throws: ModelFailure.self) {
        try await provider.complete(Self.request)
      }
    }
    #expect(failure?.class == .transient)
    #expect(ContinuousClock().now - begin < .seconds(30))
  }

  @Test("a cancelled turn ends its request, and is no failure of the provider")
  func cancellation() async throws {
    let server = try ScriptedServer([.streamHead, .chunk(": x\n"), .hold(60_000)])
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await #expect(throws: CancellationError.self) { try await Self.ask(server) }
      }
      while server.requests.isEmpty { await Task.yield() }
      group.cancelAll()
    }
  }

  @Test("too long a line, and too long an answer, are refused")
  func bounds() async throws {
    let line = try ScriptedServer([
      .streamHead, .chunk("data: " + String(repeating: "x", count: 2 << 20)), .streamEnd,
    ])
    #expect(try await Self.failure(line).class == .malformed)
    var limits = ExchangeLimits(total: .seconds(20))
    limits.answer = 100
    for steps: [Step] in [
      [.streamHead, .chunk(WireFixtures.openAIText), .streamEnd],
      [.response("200 OK", String(repeating: " ", count: 200))],
    ] {
      let failure = try await Self.failure(try ScriptedServer(steps), limits: limits)
      #expect(failure.class == .malformed)
    }
  }

  @Test("a web page is no answer")
  func page() async throws {
    let server = try ScriptedServer([
      .response("200 OK", "<html>Log in</html>", type: "text/html")
    ])
    #expect(try await Self.failure(server).class == .malformed)
  }
}
