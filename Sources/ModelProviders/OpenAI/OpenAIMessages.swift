// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A chunk of a streamed chat completion, or a whole one: both have the same fields, but for
/// `delta` and `message`. Plain fields of unexpected forms count as missing.
struct OpenAIChunk: Decodable {
  struct Choice: Decodable {
    let index: Int?
    let delta: OpenAIMessage?
    let finishReason: String?

    private enum Key: String, CodingKey {
      case index, delta, message
      case finishReason = "finish_reason"
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      index = fields.lenient(Int.self, .index)
      delta =
        try fields.decodeIfPresent(OpenAIMessage.self, forKey: .delta)
        ?? fields.decodeIfPresent(OpenAIMessage.self, forKey: .message)
      finishReason = fields.lenient(String.self, .finishReason).flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  struct Usage: Decodable {
    let input: Int?
    let output: Int?

    private enum Key: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      (input, output) = (fields.count(.promptTokens), fields.count(.completionTokens))
    }
  }

  let model: String?
  let choices: [Choice]
  let usage: Usage?

  private enum Key: String, CodingKey { case model, choices, usage }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    model = fields.lenient(String.self, .model)
    usage = fields.lenient(Usage.self, .usage)
    choices = try fields.decodeIfPresent([Choice].self, forKey: .choices) ?? []
  }
}

/// What a model said, in a chunk or as a whole.
struct OpenAIMessage: Decodable {
  let content: String?
  let refusal: String?
  let calls: [Call]

  private enum Key: String, CodingKey {
    case content, refusal
    case toolCalls = "tool_calls"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    content =
      fields.lenient(String.self, .content)
      ?? fields.lenient([Part].self, .content)?.compactMap(\.text).joined()
    refusal = fields.lenient(String.self, .refusal)
    // A list that cannot be read must not become an answer without calls.
    calls = try fields.decodeIfPresent([Call].self, forKey: .toolCalls) ?? []
  }

  /// Some servers send text in parts.
  private struct Part: Decodable { let text: String? }

  struct Call: Decodable {
    let index: Int?
    let id: String
    let name: String
    let arguments: String

    private enum Key: String, CodingKey { case index, id, function }
    private enum FunctionKey: String, CodingKey { case name, arguments }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      index = fields.lenient(Int.self, .index)
      id = fields.lenient(String.self, .id) ?? ""
      // `try?`: a fragment may lack the function; a call without a name fails at its end.
      let function = try? fields.nestedContainer(keyedBy: FunctionKey.self, forKey: .function)
      name = function?.lenient(String.self, .name) ?? ""
      // Some servers send an object where the protocol has its text.
      arguments =
        function?.lenient(String.self, .arguments)
        ?? function?.lenient(JSONValue.self, .arguments).map(Self.text) ?? ""
    }

    private static func text(_ value: JSONValue) -> String {
      if case .null = value { return "" }
      return CanonicalJSON.text(value)
    }
  }
}
