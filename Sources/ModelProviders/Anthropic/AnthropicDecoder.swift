// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Reads messages, streamed or whole. Events, blocks and deltas of unknown types are left out, and
/// so is what a model thought.
struct AnthropicDecoder: ModelEventDecoder {
  /// Slots of the tool calls, by the index of their block.
  private var slots: [Int: Int] = [:]
  private var open: Set<Int> = []

  mutating func events(of event: ServerSentEvent) throws -> [ModelEvent] {
    guard !event.data.elementsEqual("[DONE]".utf8) else { return [.end] }
    if let description = ErrorBody.description(in: event.data) { return [.failure(description)] }
    let event = try decode(AnthropicEvent.self, event.data)
    switch event.type {
    case "message_start":
      return modelEvents(event.message?.model) + usageEvents(event.message?.usage)
    case "content_block_start": return try begin(event)
    case "content_block_delta": return try delta(event)
    case "content_block_stop": return event.index.map { end($0) } ?? []
    case "message_delta":
      return usageEvents(event.usage) + stopEvents(event.delta?.stopReason)
    case "message_stop": return [.end]
    case "error": return [.failure(ErrorDescription())]
    default: return []
    }
  }

  mutating func events(ofWhole body: [UInt8]) throws -> [ModelEvent] {
    if let description = ErrorBody.description(in: body) { return [.failure(description)] }
    let message = try decode(AnthropicMessage.self, body)
    guard let blocks = message.content else {
      throw MalformedAnswer(reason: "a message without content")
    }
    var events = modelEvents(message.model) + usageEvents(message.usage)
    for (index, block) in blocks.enumerated() {
      events += begin(block, at: index) + end(index)
    }
    return events + stopEvents(message.stopReason) + [.end]
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
    do {
      return try ApplianceJSON.decode(type, from: bytes)
    } catch let error as ApplianceError {
      throw MalformedAnswer(reason: error.message)
    }
  }

  private mutating func begin(_ event: AnthropicEvent) throws -> [ModelEvent] {
    guard let index = event.index, let block = event.block else {
      throw MalformedAnswer(reason: "a block without a type or place")
    }
    return begin(block, at: index)
  }

  private mutating func begin(_ block: AnthropicBlock, at index: Int) -> [ModelEvent] {
    switch block.type {
    case "text": return textEvents(block.text)
    case "tool_use":
      let slot = slots.count
      slots[index] = slot
      open.insert(index)
      let start = ModelEvent.toolCallStart(
        slot: slot, name: block.name ?? "", reference: block.id ?? "")
      return [start] + (block.input.map { [.toolCallArguments(slot: slot, $0)] } ?? [])
    default: return []
    }
  }

  private func delta(_ event: AnthropicEvent) throws -> [ModelEvent] {
    switch event.delta?.type {
    case "text_delta": return textEvents(event.delta?.text)
    case "input_json_delta":
      guard let json = event.delta?.json, !json.isEmpty else { return [] }
      // Arguments of a block that is no call of ours, as of a tool of the server.
      guard let index = event.index, let slot = slots[index] else { return [] }
      return [.toolCallArguments(slot: slot, json)]
    default: return []
    }
  }

  private mutating func end(_ index: Int) -> [ModelEvent] {
    guard open.remove(index) != nil, let slot = slots[index] else { return [] }
    return [.toolCallEnd(slot: slot)]
  }

  private func modelEvents(_ name: String?) -> [ModelEvent] {
    name.flatMap { $0.isEmpty ? nil : [.model($0)] } ?? []
  }

  private func textEvents(_ text: String?) -> [ModelEvent] {
    text.flatMap { $0.isEmpty ? nil : [.text($0)] } ?? []
  }

  private func usageEvents(_ usage: AnthropicUsage?) -> [ModelEvent] {
    guard let usage, usage.input != nil || usage.output != nil else { return [] }
    return [.usage(input: usage.input, output: usage.output)]
  }

  private func stopEvents(_ reason: String?) -> [ModelEvent] {
    switch reason {
    case nil: []
    case "end_turn", "stop_sequence": [.stop(.end)]
    case "tool_use": [.stop(.toolCalls)]
    case "max_tokens", "model_context_window_exceeded": [.stop(.length)]
    case "refusal": [.stop(.contentFilter)]
    case let other?: [.stop(.other(other))]
    }
  }
}
