// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ModelProviders

/// One turn as a value: from what is recorded it knows the next action, so a turn continues after
/// a crash where its records end.
struct TurnMachine: Sendable, Equatable {
  enum Action: Sendable, Equatable {
    case askModel
    /// The intent is recorded; run it and record the result.
    case run(ToolCall)
    /// A call that was begun before a crash: record that its outcome is unknown.
    case giveUp(ToolCall)
    case finish(String)
  }

  private(set) var steps: [TurnStep]
  private(set) var usage = TokenUsage()
  private let limit: Int
  private let repeatable: Set<String>
  /// Calls that earlier attempts began.
  private let inherited: Int
  private var reply: String?

  /// - Parameter repeatable: Tools whose calls may be repeated when their outcome is unknown.
  init(steps: [TurnStep], toolLimit limit: Int, repeatable: Set<String>) {
    self.steps = steps
    self.limit = limit
    self.repeatable = repeatable
    inherited = Self.calls(steps).count
  }

  var next: Action {
    if let reply { return .finish(reply) }
    guard let open = openCall else { return .askModel }
    let isInherited = open.index < inherited
    return isInherited && !repeatable.contains(open.tool) ? .giveUp(open) : .run(open)
  }

  /// The calls that have ended, as the model sees them.
  var endedCalls: [CompletionRequest.EndedCall] {
    let results = results
    return Self.calls(steps).compactMap { call in
      results[call.index].map { CompletionRequest.EndedCall(call: call, result: $0) }
    }
  }

  /// Takes the model's move; returns the step to record, if any.
  mutating func accept(_ completion: Completion) -> TurnStep? {
    usage.input += completion.usage.input
    usage.output += completion.usage.output
    switch completion.move {
    case .reply(let text):
      reply = text
      return nil
    case .call(let tool, let arguments):
      let count = Self.calls(steps).count
      guard count < limit else {
        reply = "Stopped after \(limit) tool calls (agent.maxToolIterations)."
        return nil
      }
      let step = TurnStep.intent(ToolCall(index: count, tool: tool, arguments: arguments))
      steps.append(step)
      return step
    }
  }

  /// Takes the outcome of a call; returns the step to record.
  mutating func accept(_ result: ToolResult, of call: ToolCall) -> TurnStep {
    let step = TurnStep.result(index: call.index, result)
    steps.append(step)
    return step
  }

  private var openCall: ToolCall? {
    let results = results
    return Self.calls(steps).first { results[$0.index] == nil }
  }

  private var results: [Int: ToolResult] {
    var results: [Int: ToolResult] = [:]
    for case .result(let index, let result) in steps { results[index] = result }
    return results
  }

  private static func calls(_ steps: [TurnStep]) -> [ToolCall] {
    steps.compactMap { step in
      if case .intent(let call) = step { return call }
      return nil
    }
  }
}
