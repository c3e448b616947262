// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// An event of a streamed message.
struct AnthropicEvent: Decodable {
  let type: String
  let index: Int?
  let message: AnthropicMessage?
  let block: AnthropicBlock?
  let delta: Delta?
  let usage: AnthropicUsage?

  private enum Key: String, CodingKey {
    case type, index, message, delta, usage
    case contentBlock = "content_block"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    type = try fields.decode(String.self, forKey: .type)
    index = fields.lenient(Int.self, .index)
    message = fields.lenient(AnthropicMessage.self, .message)
    block = fields.lenient(AnthropicBlock.self, .contentBlock)
    delta = try fields.decodeIfPresent(Delta.self, forKey: .delta)
    usage = fields.lenient(AnthropicUsage.self, .usage)
  }

  struct Delta: Decodable {
    let type: String?
    let text: String?
    let json: String?
    let stopReason: String?

    private enum Key: String, CodingKey {
      case type, text
      case partialJson = "partial_json"
      case stopReason = "stop_reason"
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      type = fields.lenient(String.self, .type)
      text = fields.lenient(String.self, .text)
      json = fields.lenient(String.self, .partialJson)
      stopReason = fields.lenient(String.self, .stopReason)
    }
  }
}

/// A message, whole or as it begins.
struct AnthropicMessage: Decodable {
  let type: String?
  let model: String?
  let content: [AnthropicBlock]?
  let stopReason: String?
  let usage: AnthropicUsage?

  private enum Key: String, CodingKey {
    case type, model, content, usage
    case stopReason = "stop_reason"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    type = fields.lenient(String.self, .type)
    model = fields.lenient(String.self, .model)
    content = fields.lenient([AnthropicBlock].self, .content)
    stopReason = fields.lenient(String.self, .stopReason)
    usage = fields.lenient(AnthropicUsage.self, .usage)
  }
}

struct AnthropicBlock: Decodable {
  let type: String
  let text: String?
  let id: String?
  let name: String?
  /// The text of the tool's arguments; empty for the empty object, which is what a stream begins
  /// with.
  let input: String?

  private enum Key: String, CodingKey { case type, text, id, name, input }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    type = try fields.decode(String.self, forKey: .type)
    text = fields.lenient(String.self, .text)
    id = fields.lenient(String.self, .id)
    name = fields.lenient(String.self, .name)
    switch fields.lenient(AnyJSON.self, .input) {
    case .value(.null), .value(.object([:])), nil: input = nil
    case .value(let value): input = CanonicalJSON.text(value)
    case .inexact: input = "(a number that is not whole)"
    }
  }
}

struct AnthropicUsage: Decodable {
  /// Also what came from, and went into, the provider's cache: `input_tokens` leaves it out.
  let input: Int?
  let output: Int?

  private enum Key: String, CodingKey {
    case inputTokens = "input_tokens"
    case outputTokens = "output_tokens"
    case cacheCreationInputTokens = "cache_creation_input_tokens"
    case cacheReadInputTokens = "cache_read_input_tokens"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    input = fields.count(.inputTokens).map {
      $0 + (fields.count(.cacheCreationInputTokens) ?? 0)
        + (fields.count(.cacheReadInputTokens) ?? 0)
    }
    output = fields.count(.outputTokens)
  }
}
