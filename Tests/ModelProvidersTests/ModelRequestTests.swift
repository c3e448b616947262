// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import ModelProviders

/// The bodies that providers are sent.
struct ModelRequestTests {
  private static func ended(
    _ index: Int, _ result: ToolResult, batch: Int? = nil, reference: String? = nil,
    remark: String? = nil, tool: String = "read_file", arguments: JSONValue = ["path": "a"]
  ) -> CompletionRequest.EndedCall {
    CompletionRequest.EndedCall(
      call: ToolCall(
        index: index, tool: tool, arguments: arguments, batch: batch, reference: reference,
        remark: remark), result: result)
  }

  private static func request(
    _ calls: [CompletionRequest.EndedCall], tools: [ToolDescription] = [tool("b"), tool("a")]
  ) -> CompletionRequest {
    CompletionRequest(
      assistant: "Claw", instructions: "Be brief.", history: [Exchange(text: "x", reply: "y")],
      text: "hi", calls: calls, tools: tools, user: "digest")
  }

  private static func tool(_ name: String) -> ToolDescription {
    ToolDescription(name: name, summary: "does \(name)", parameters: ["type": "object"])
  }

  private static let calls = [
    ended(0, .success("A"), batch: 0, reference: "ref_0", remark: "Looking"),
    ended(1, .failure("no"), batch: 0), ended(2, .outcomeUnknown, batch: 1, reference: "ref_0"),
  ]

  private static let unknown =
    "outcome unknown: the call was interrupted and may have happened; it was not repeated"

  @Test("a chat completion has the turn, call by call")
  func openAI() {
    let body = OpenAIRequest.body(Self.request(Self.calls), model: "m", answerTokens: 7)
    #expect(body["model"] == "m")
    #expect(body["max_completion_tokens"] == 7)
    #expect(body["store"] == false)
    #expect(body["stream"] == true)
    #expect(body["stream_options"] == ["include_usage": true])
    #expect(body["user"] == "digest")
    #expect(body["tool_choice"] == nil)
    let names = body["tools"]?.arrayValue?.map { $0["function"]?["name"] }
    #expect(names == ["a", "b"])
    func call(_ id: JSONValue) -> JSONValue {
      [
        "id": id, "type": "function",
        "function": ["name": "read_file", "arguments": "{\"path\":\"a\"}"],
      ]
    }
    #expect(
      body["messages"] == [
        ["role": "system", "content": "Be brief."], ["role": "user", "content": "x"],
        ["role": "assistant", "content": "y"], ["role": "user", "content": "hi"],
        [
          "role": "assistant", "content": "Looking",
          "tool_calls": [call("ref_0"), call("call_1")],
        ],
        ["role": "tool", "tool_call_id": "ref_0", "content": "A"],
        ["role": "tool", "tool_call_id": "call_1", "content": "failed: no"],
        ["role": "assistant", "content": .null, "tool_calls": [call("call_2")]],
        ["role": "tool", "tool_call_id": "call_2", "content": .string(Self.unknown)],
      ])
  }

  @Test("a message has the turn, call by call")
  func anthropic() {
    let body = AnthropicRequest.body(Self.request(Self.calls), model: "m", answerTokens: 7)
    #expect(body["max_tokens"] == 7)
    #expect(body["system"] == "Be brief.")
    #expect(body["metadata"] == ["user_id": "digest"])
    #expect(body["tools"]?.arrayValue?.first?["input_schema"] == ["type": "object"])
    func use(_ id: JSONValue) -> JSONValue {
      ["type": "tool_use", "id": id, "name": "read_file", "input": ["path": "a"]]
    }
    func result(_ id: JSONValue, _ text: String, _ isError: Bool) -> JSONValue {
      [
        "type": "tool_result", "tool_use_id": id, "content": .string(text),
        "is_error": .bool(isError),
      ]
    }
    #expect(
      body["messages"] == [
        ["role": "user", "content": "x"], ["role": "assistant", "content": "y"],
        ["role": "user", "content": "hi"],
        [
          "role": "assistant",
          "content": [["type": "text", "text": "Looking"], use("ref_0"), use("call_1")],
        ],
        [
          "role": "user",
          "content": [result("ref_0", "A", false), result("call_1", "failed: no", true)],
        ],
        ["role": "assistant", "content": [use("call_2")]],
        ["role": "user", "content": [result("call_2", Self.unknown, true)]],
      ])
  }

  @Test("what another provider, or a model, made up is made fit")
  func foreign() throws {
    let calls = [
      Self.ended(
        0, .success(""), reference: "a+/=", tool: "b\u{301} .c", arguments: .string("{nonsense"))
    ]
    let openAI = OpenAIRequest.body(Self.request(calls), model: "m", answerTokens: 7)
    let call = try #require(openAI["messages"]?.arrayValue?[4]["tool_calls"]?.arrayValue?.first)
    #expect(call["id"] == "a+/=")
    #expect(call["function"]?["name"] == "b___c")
    #expect(call["function"]?["arguments"] == #"{"INVALID_JSON":"{nonsense"}"#)
    let anthropic = AnthropicRequest.body(Self.request(calls), model: "m", answerTokens: 7)
    let use = try #require(anthropic["messages"]?.arrayValue?[3]["content"]?.arrayValue?.first)
    #expect(use["id"] == "call_0")
    #expect(use["input"] == ["INVALID_JSON": "{nonsense"])
  }

  @Test("a long result is cut between characters, and says so")
  func longResult() throws {
    let text = String(repeating: "ä", count: 40_000) + "end"
    let shown = ToolResult.success("x" + text).textForModel
    #expect(shown.hasSuffix("\n[cut: 14469 bytes more]"))
    #expect(!shown.contains("\u{FFFD}"))
    #expect(shown.utf8.count <= (64 << 10) + 32)
    let fitting = String(repeating: "x", count: 64 << 10)
    #expect(ToolResult.success(fitting).textForModel == fitting)
  }

  @Test("a turn without tools that made calls describes them, and forbids them")
  func noTools() {
    let request = Self.request(Self.calls, tools: [])
    let openAI = OpenAIRequest.body(request, model: "m", answerTokens: 7)
    #expect(openAI["tool_choice"] == "none")
    #expect(openAI["tools"]?.arrayValue?.count == 1)
    let anthropic = AnthropicRequest.body(request, model: "m", answerTokens: 7)
    #expect(anthropic["tool_choice"] == ["type": "none"])
    let plain = OpenAIRequest.body(Self.request([], tools: []), model: "m", answerTokens: 7)
    #expect(plain["tools"] == nil)
  }

  @Test("a message without text is not sent empty where that is refused")
  func emptyText() {
    let request = CompletionRequest(
      assistant: "Claw", history: [Exchange(text: " ", reply: "")], text: "\n", calls: [])
    let body = AnthropicRequest.body(request, model: "m", answerTokens: 7)
    #expect(body["system"] == nil)
    #expect(
      body["messages"]?.arrayValue?.map { $0["content"] } == ["(empty)", "(empty)", "(empty)"])
  }

  @Test("the estimate grows with everything that is sent")
  func estimate() {
    let small = ProviderCatalog.estimate(Self.request([], tools: []))
    #expect(small >= 10)
    #expect(ProviderCatalog.estimate(Self.request([])) > small)
    let long = [Self.ended(0, .success(String(repeating: "x", count: 3_000)))]
    #expect(ProviderCatalog.estimate(Self.request(long, tools: [])) >= small + 1_000)
  }
}
