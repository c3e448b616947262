// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

@testable import ModelProviders

/// What providers send, as their public references show it.
enum WireFixtures {
  struct Fixture: Sendable, CustomStringConvertible {
    let name: String
    let isAnthropic: Bool
    let stream: String
    let move: Completion.Move
    let usage: TokenUsage?

    var description: String { name }
    var decoder: any ModelEventDecoder { isAnthropic ? AnthropicDecoder() : OpenAIDecoder() }
  }

  static let weather = Completion.Move.calls(
    [
      RequestedCall(
        tool: "get_weather", arguments: ["location": "San Francisco, CA"], reference: "call_a1")
    ], remark: nil)

  static let openAIText = chunks(
    [
      #"{"role":"assistant","content":"","refusal":null}"#, #"{"content":"Hello"}"#,
      #"{"content":" wörld 👋"}"#,
    ], reason: "stop", usage: #"{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29}"#)

  static let openAITool = chunks(
    [
      #"{"role":"assistant","content":null}"#,
      #"{"tool_calls":[{"index":0,"id":"call_a1","type":"function","#
        + #""function":{"name":"get_weather","arguments":""}}]}"#,
      #"{"tool_calls":[{"index":0,"function":{"arguments":"{\"location\":"}}]}"#,
      #"{"tool_calls":[{"index":0,"function":{"arguments":"\"San Francisco, CA\"}"}}]}"#,
    ], reason: "tool_calls", usage: #"{"prompt_tokens":82,"completion_tokens":17}"#)

  static let anthropicText = events([
    (
      "message_start",
      #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","#
        + #""content":[],"model":"claude-x","stop_reason":null,"stop_sequence":null,"#
        + #""usage":{"input_tokens":25,"cache_creation_input_tokens":3,"#
        + #""cache_read_input_tokens":2,"output_tokens":1}}}"#
    ),
    (
      "content_block_start",
      #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#
    ),
    ("ping", #"{"type": "ping"}"#),
    (
      "content_block_delta",
      #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#
    ),
    (
      "content_block_delta",
      #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" wörld 👋"}}"#
    ),
    ("content_block_stop", #"{"type":"content_block_stop","index":0}"#),
    (
      "message_delta",
      #"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"#
        + #""usage":{"output_tokens":15}}"#
    ),
    ("message_stop", #"{"type":"message_stop"}"#),
  ])

  static let anthropicTools = events([
    (
      "message_start",
      #"{"type":"message_start","message":{"id":"msg_2","type":"message","role":"assistant","#
        + #""model":"claude-x","content":[],"usage":{"input_tokens":472,"output_tokens":2}}}"#
    ),
    (
      "content_block_start",
      #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#
    ),
    (
      "content_block_delta",
      #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}"#
    ),
    (
      "content_block_delta",
      #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","#
        + #""signature":"EqQB"}}"#
    ),
    ("content_block_stop", #"{"type":"content_block_stop","index":0}"#),
    (
      "content_block_start",
      #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#
    ),
    (
      "content_block_delta",
      #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Looking"}}"#
    ),
    ("content_block_stop", #"{"type":"content_block_stop","index":1}"#),
    ("something_new", #"{"type":"something_new","index":"x"}"#),
    (
      "content_block_start",
      #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","#
        + #""id":"toolu_01","name":"read_file","input":{}}}"#
    ),
    (
      "content_block_delta",
      #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","#
        + #""partial_json":""}}"#
    ),
    (
      "content_block_delta",
      #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","#
        + #""partial_json":"{\"path\": \"ä"}}"#
    ),
    (
      "content_block_delta",
      #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","#
        + #""partial_json":"\"}"}}"#
    ),
    ("content_block_stop", #"{"type":"content_block_stop","index":2}"#),
    (
      "content_block_start",
      #"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","#
        + #""id":"toolu_02","name":"list_dir","input":{}}}"#
    ),
    ("content_block_stop", #"{"type":"content_block_stop","index":3}"#),
    (
      "message_delta",
      #"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"#
        + #""usage":{"output_tokens":89}}"#
    ),
    ("message_stop", #"{"type":"message_stop"}"#),
  ])

  static let all = [
    Fixture(
      name: "OpenAI text", isAnthropic: false, stream: openAIText,
      move: .reply("Hello wörld 👋"), usage: TokenUsage(input: 19, output: 10)),
    Fixture(
      name: "OpenAI tool", isAnthropic: false, stream: openAITool, move: weather,
      usage: TokenUsage(input: 82, output: 17)),
    Fixture(
      name: "Anthropic text", isAnthropic: true, stream: anthropicText,
      move: .reply("Hello wörld 👋"), usage: TokenUsage(input: 30, output: 15)),
    Fixture(
      name: "Anthropic tools", isAnthropic: true, stream: anthropicTools,
      move: .calls(
        [
          RequestedCall(tool: "read_file", arguments: ["path": "ä"], reference: "toolu_01"),
          RequestedCall(tool: "list_dir", arguments: [:], reference: "toolu_02"),
        ], remark: "Looking"), usage: TokenUsage(input: 472, output: 89)),
  ]

  /// A streamed chat completion of these deltas.
  static func chunks(_ deltas: [String], reason: String?, usage: String? = nil) -> String {
    func chunk(_ choices: String, _ usage: String) -> String {
      #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1694268190,"#
        + #""model":"gpt-x","system_fingerprint":"fp_1","choices":["# + choices
        + #"],"usage":"# + usage + "}\n\n"
    }
    func choice(_ delta: String, _ reason: String) -> String {
      #"{"index":0,"delta":"# + delta + #","logprobs":null,"finish_reason":"# + reason + "}"
    }
    let parts = deltas.map { chunk(choice($0, "null"), "null") }
    let end = reason.map { chunk(choice("{}", "\"\($0)\""), "null") } ?? ""
    return parts.joined() + end + (usage.map { chunk("", $0) } ?? "") + "data: [DONE]\n\n"
  }

  static func events(_ events: [(String, String)]) -> String {
    events.map { "event: \($0)\ndata: \($1)\n\n" }.joined()
  }
}

/// Reads a stream as a provider does, without a network.
func completion(
  of chunks: [[UInt8]], _ decoder: any ModelEventDecoder
) throws -> (completion: Completion, events: [ModelEvent]) {
  var (parser, decoder, assembler) = (ServerSentEventParser(), decoder, CompletionAssembler())
  var events: [ModelEvent] = []
  for chunk in chunks {
    for case .event(let event) in try parser.feed(chunk) {
      for event in try decoder.events(of: event) {
        events.append(event)
        try assembler.accept(event)
      }
    }
  }
  if let failure = assembler.failure { throw SaidFailure(description: failure) }
  let completion = try assembler.completion(of: "p", requestID: nil, shown: { $0 })
  return (completion, events)
}

func completion(of stream: String, _ decoder: any ModelEventDecoder) throws -> Completion {
  try completion(of: [Array(stream.utf8)], decoder).completion
}

/// The stream itself told a failure.
struct SaidFailure: Error, Equatable {
  let description: ErrorDescription
}
