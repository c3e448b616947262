// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ModelProviders

/// One turn as a value: from what is recorded it knows the next action, so a turn continues after
/// a crash where its records end.
struct TurnMachine: Sendable, Equatable {
  enum Action: Sendable, Equatable {
    case askModel
    /// The intent is recorded; ask whether it may run.
    case authorise(ToolCall)
    /// Run it and record the result.
    case run(ToolCall)
    /// A call that may have run before a crash: record that its outcome is unknown.
    case giveUp(ToolCall)
    case finish(String)
  }

  /// The same call so often in a row is a model that turns in circles.
  static let repeatLimit = 5

  private(set) var steps: [TurnStep]
  private(set) var usage = TokenUsage()
  private let limit: Int
  private let repeatable: Set<String>
  /// Calls that earlier attempts were allowed to run.
  private let inherited: Set<Int>
  private var reply: String?

  /// - Parameter repeatable: Tools whose calls may be repeated when their outcome is unknown.
  init(steps: [TurnStep], toolLimit limit: Int, repeatable: Set<String>) {
    self.steps = steps
    self.limit = limit
    self.repeatable = repeatable
    inherited = Self.authorised(steps)
  }

  var next: Action {
    if let reply { return .finish(reply) }
    guard let open = openCall else { return .askModel }
    guard Self.authorised(steps).contains(open.index) else { return .authorise(open) }
    let mayHaveRun = inherited.contains(open.index)
    return mayHaveRun && !repeatable.contains(open.tool) ? .giveUp(open) : .run(open)
  }

  /// The calls that have ended, as the model sees them.
  var endedCalls: [CompletionRequest.EndedCall] {
    let results = results
    return calls.compactMap { call in
      results[call.index].map { CompletionRequest.EndedCall(call: call, result: $0) }
    }
  }

  /// Takes the model's move; returns the steps to record.
  mutating func accept(_ completion: Completion) -> [TurnStep] {
    switch completion.move {
    case .reply(let text):
      reply = text
      return []
    case .calls(let requested, let remark): return begin(requested, remark)
    }
  }

  private mutating func begin(_ requested: [RequestedCall], _ remark: String?) -> [TurnStep] {
    let calls = calls
    guard !requested.isEmpty, calls.count <= limit - requested.count else {
      reply = "Stopped after \(calls.count) tool calls (agent.maxToolIterations is \(limit))."
      return []
    }
    let batch = (calls.last?.batch ?? -1) + 1
    let intents = requested.enumerated().map { offset, call in
      ToolCall(
        index: calls.count + offset, tool: call.tool, arguments: call.arguments, batch: batch,
        reference: call.reference, remark: offset == 0 ? remark : nil)
    }
    guard !turnsInCircles(calls + intents) else {
      reply = "Stopped: the same tool call was asked for \(Self.repeatLimit) times in a row."
      return []
    }
    let steps = intents.map { TurnStep.intent($0) }
    self.steps += steps
    return steps
  }

  private func turnsInCircles(_ calls: [ToolCall]) -> Bool {
    guard let last = calls.last, calls.count >= Self.repeatLimit else { return false }
    return calls.suffix(Self.repeatLimit).allSatisfy {
      $0.tool == last.tool && $0.arguments == last.arguments
    }
  }

  /// Counts what an answer used.
  mutating func add(_ used: TokenUsage) {
    usage.input = Self.sum(usage.input, used.input)
    usage.output = Self.sum(usage.output, used.output)
  }

  /// Takes the word that a call may run; it is recorded by who gave it.
  mutating func permit(_ call: ToolCall) { steps.append(.authorised(index: call.index)) }

  /// Ends the turn with a text that no model wrote.
  mutating func stop(_ text: String) { reply = text }

  /// Takes the outcome of a call; returns the step to record.
  mutating func accept(_ result: ToolResult, of call: ToolCall) -> TurnStep {
    let step = TurnStep.result(index: call.index, result)
    steps.append(step)
    return step
  }

  /// Takes a step as it was stored: what a model must not read was taken out of it.
  mutating func keep(_ stored: TurnStep) {
    guard let place = steps.lastIndex(where: { $0.isSamePlace(as: stored) }) else { return }
    steps[place] = stored
  }

  private var openCall: ToolCall? {
    let results = results
    return calls.first { results[$0.index] == nil }
  }

  private var results: [Int: ToolResult] {
    var results: [Int: ToolResult] = [:]
    for case .result(let index, let result) in steps { results[index] = result }
    return results
  }

  private var calls: [ToolCall] {
    steps.compactMap { step in
      if case .intent(let call) = step { return call }
      return nil
    }
  }

  private static func authorised(_ steps: [TurnStep]) -> Set<Int> {
    Set(
      steps.compactMap { step in
        if case .authorised(let index) = step { return index }
        return nil
      })
  }

  private static func sum(_ one: Int, _ other: Int) -> Int {
    let (sum, overflow) = max(0, one).addingReportingOverflow(max(0, other))
    return overflow ? .max : sum
  }
}
