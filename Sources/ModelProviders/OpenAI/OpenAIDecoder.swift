// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Reads chat completions, streamed or whole.
///
/// Calls are put together by their index. Where servers leave it out, or give every call the same,
/// an id that is new tells the next call.
struct OpenAIDecoder: ModelEventDecoder {
  private struct Slot {
    var index: Int?
    var id: String
    var name: String
    var arguments: String
  }

  private var slots: [Slot] = []
  private var isStopped = false

  mutating func events(of event: ServerSentEvent) throws -> [ModelEvent] {
    guard !event.data.elementsEqual("[DONE]".utf8) else { return [.end] }
    return try events(ofMessage: event.data)
  }

  mutating func events(ofWhole body: [UInt8]) throws -> [ModelEvent] {
    try events(ofMessage: body) + [.end]
  }

  private mutating func events(ofMessage bytes: [UInt8]) throws -> [ModelEvent] {
    if let description = ErrorBody.description(in: bytes) { return [.failure(description)] }
    let chunk: OpenAIChunk
    do {
      chunk = try ApplianceJSON.decode(OpenAIChunk.self, from: bytes)
    } catch let error as ApplianceError {
      throw MalformedAnswer(reason: error.message)
    }
    var events: [ModelEvent] = []
    if let model = chunk.model, !model.isEmpty { events.append(.model(model)) }
    if let choice = chunk.choices.first(where: { ($0.index ?? 0) == 0 }) {
      events += try self.events(of: choice)
    }
    if let usage = chunk.usage, usage.input != nil || usage.output != nil {
      events.append(.usage(input: usage.input, output: usage.output))
    }
    return events
  }

  private mutating func events(of choice: OpenAIChunk.Choice) throws -> [ModelEvent] {
    var events: [ModelEvent] = []
    if let delta = choice.delta {
      events += [delta.content, delta.refusal].compactMap(\.self).filter { !$0.isEmpty }
        .map(ModelEvent.text)
      for call in delta.calls { events += try self.events(of: call) }
    }
    if let reason = choice.finishReason {
      if !isStopped { events += slots.indices.map(ModelEvent.toolCallEnd) }
      isStopped = true
      events.append(.stop(Self.stop(reason)))
    }
    return events
  }

  private mutating func events(of call: OpenAIMessage.Call) throws -> [ModelEvent] {
    guard !isStopped else { throw MalformedAnswer(reason: "a tool call after the end") }
    let slot: Int
    var events: [ModelEvent] = []
    if let known = self.slot(of: call) {
      slot = known
      let isNews = slots[slot].name.isEmpty && !call.name.isEmpty
      if isNews || (slots[slot].id.isEmpty && !call.id.isEmpty) {
        slots[slot].name = slots[slot].name.isEmpty ? call.name : slots[slot].name
        slots[slot].id = slots[slot].id.isEmpty ? call.id : slots[slot].id
        events.append(.toolCallStart(slot: slot, name: call.name, reference: call.id))
      }
    } else {
      slot = slots.count
      slots.append(Slot(index: call.index, id: call.id, name: call.name, arguments: ""))
      events.append(.toolCallStart(slot: slot, name: call.name, reference: call.id))
    }
    if !call.arguments.isEmpty {
      slots[slot].arguments += call.arguments
      events.append(.toolCallArguments(slot: slot, call.arguments))
    }
    return events
  }

  /// The call that a fragment continues; `nil` when it begins one.
  private func slot(of call: OpenAIMessage.Call) -> Int? {
    let candidate =
      call.index == nil
      ? (call.id.isEmpty ? nil : slots.lastIndex { $0.id == call.id }) ?? slots.indices.last
      : slots.lastIndex { $0.index == call.index }
    guard let candidate else { return nil }
    return isNext(call, after: slots[candidate]) ? nil : candidate
  }

  /// Whether a fragment for the place of one call begins another: it has a name, another id or
  /// none where the place can be no guide, and the call before it is whole.
  private func isNext(_ call: OpenAIMessage.Call, after slot: Slot) -> Bool {
    guard !call.name.isEmpty, !slot.name.isEmpty else { return false }
    let isOther = !call.id.isEmpty && !slot.id.isEmpty && call.id != slot.id
    guard isOther || (call.index == nil && call.id.isEmpty) else { return false }
    return ToolArguments.isObject(slot.arguments) && (isOther || !slot.arguments.isEmpty)
  }

  private static func stop(_ reason: String) -> ModelEvent.Stop {
    switch reason {
    case "stop": .end
    case "tool_calls": .toolCalls
    case "length": .length
    case "content_filter": .contentFilter
    default: .other(reason)
    }
  }
}
