// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Puts an answer together from its events. Nothing of an answer is used before it is whole.
struct CompletionAssembler {
  private struct Slot {
    var name = ""
    var reference = ""
    var arguments = ""
    var isEnded = false
  }

  private static let callLimit = 64
  private static let referenceLimit = 8 << 10

  private(set) var isEnded = false
  private(set) var failure: ErrorDescription?
  private var text = ""
  private var slots: [Slot] = []
  private var stop: ModelEvent.Stop?
  private var input: Int?
  private var output: Int?
  private var model: String?

  mutating func accept(_ event: ModelEvent) throws {
    switch event {
    case .model(let name): if model == nil { model = name }
    case .text(let part): text += part
    case .toolCallStart(let slot, let name, let reference): try start(slot, name, reference)
    case .toolCallArguments(let slot, let part):
      guard slots.indices.contains(slot), !slots[slot].isEnded else {
        throw MalformedAnswer(reason: "arguments of a call that is not open")
      }
      slots[slot].arguments += part
    case .toolCallEnd(let slot):
      guard slots.indices.contains(slot) else {
        throw MalformedAnswer(reason: "the end of a call that did not begin")
      }
      slots[slot].isEnded = true
    case .usage(let input, let output):
      self.input = [self.input, input].compactMap(\.self).max()
      self.output = [self.output, output].compactMap(\.self).max()
    case .stop(let reason): stop = Self.graver(stop, reason)
    case .failure(let description): failure = failure ?? description
    case .end: isEnded = true
    }
  }

  private mutating func start(_ slot: Int, _ name: String, _ reference: String) throws {
    if slot == slots.count, slot < Self.callLimit { slots.append(Slot()) }
    guard slots.indices.contains(slot) else {
      throw MalformedAnswer(reason: "more than \(Self.callLimit) calls, or calls out of order")
    }
    if slots[slot].name.isEmpty { slots[slot].name = name }
    if slots[slot].reference.isEmpty { slots[slot].reference = reference }
  }

  /// A stop that forbids the calls stays, whatever follows.
  private static func graver(_ one: ModelEvent.Stop?, _ other: ModelEvent.Stop) -> ModelEvent.Stop {
    switch one {
    case .length, .contentFilter: one ?? other
    default: other
    }
  }

  private var usage: TokenUsage? {
    guard input != nil || output != nil else { return nil }
    return TokenUsage(input: input ?? 0, output: output ?? 0)
  }

  /// The answer, once the stream has ended.
  ///
  /// - Parameter shown: Makes foreign text fit to be recorded.
  /// - Throws: ``ModelFailure``, also for every stream that ended before its reason.
  func completion(
    of provider: String, requestID: String?, shown: (String) -> String
  ) throws -> Completion {
    func failed(_ class: ModelFailure.Class, _ message: String) -> ModelFailure {
      ModelFailure(`class`, provider: provider, message)
    }
    func complete(_ move: Completion.Move, isCut: Bool = false) -> Completion {
      Completion(
        move, usage: usage, model: model.map(shown), requestID: requestID, provider: provider,
        isCut: isCut)
    }
    guard let stop else { throw failed(.transient, "the answer ended before it was complete") }
    switch stop {
    case .contentFilter: throw failed(.contentFilter, "the provider withheld the answer")
    case .length:
      guard slots.isEmpty, !text.isEmpty else {
        throw failed(.truncated, "the answer's tokens were used up before it was complete")
      }
      return complete(.reply(text), isCut: true)
    case .end, .toolCalls:
      guard !slots.isEmpty else { return complete(.reply(text)) }
      guard slots.allSatisfy({ $0.isEnded && !$0.name.isEmpty }) else {
        throw failed(.malformed, "a tool call of the answer is not complete")
      }
      return complete(.calls(slots.map(call), remark: text.isEmpty ? nil : text))
    case .other(let reason):
      guard slots.isEmpty, !text.isEmpty else {
        throw failed(.malformed, "the model stopped for an unknown reason \"\(shown(reason))\"")
      }
      return complete(.reply(text))
    }
  }

  private func call(_ slot: Slot) -> RequestedCall {
    let isUsable = !slot.reference.isEmpty && slot.reference.utf8.count <= Self.referenceLimit
    return RequestedCall(
      tool: slot.name, arguments: ToolArguments.value(of: slot.arguments),
      reference: isUsable ? slot.reference : nil)
  }
}
