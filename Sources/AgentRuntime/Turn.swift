// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import ModelProviders
import Planning
import Tools

/// Carries out one turn: intent before effect, a word from outside the agent before each call,
/// result before the next question, reply last.
struct Turn: Sendable {
  let work: Work
  let configuration: RunningConfiguration
  let link: ComponentLink

  func run() async throws {
    var machine = TurnMachine(
      steps: work.steps, toolLimit: configuration.settings.maxToolIterations,
      repeatable: ToolCatalog.repeatable)
    while true {
      switch machine.next {
      case .askModel: try await ask(&machine)
      case .authorise(let call):
        guard try await authorise(call, &machine) else { return }
      case .run(let call):
        let step = machine.accept(try await run(call), of: call)
        machine.keep(try await record(step))
      case .giveUp(let call):
        machine.keep(try await record(machine.accept(.outcomeUnknown, of: call)))
      case .finish(let reply):
        let text = reply.replacing("\0", with: "\u{FFFD}")
        _ = try await link.call(.finish(work.id, reply: text, usage: machine.usage))
        return
      }
    }
  }

  /// Reserves tokens, asks, and settles what was used, whatever came of it.
  private func ask(_ machine: inout TurnMachine) async throws {
    let request = configuration.request(for: work, calls: machine.endedCalls)
    let most = ProviderCatalog.estimate(request) + configuration.answerTokens
    guard case .budget(let budget) = try await link.call(.reserve(work.id, tokens: most)) else {
      throw ApplianceError(.malformed, "the supervisor did not answer about tokens")
    }
    guard case .granted(let reservation) = budget else {
      if case .refused(let text) = budget { machine.stop(text) }
      return
    }
    do {
      let completion = try await configuration.provider.complete(request)
      _ = try await link.call(.settle(reservation: reservation, completion.usage))
      if let usage = completion.usage { machine.add(usage) }
      for step in machine.accept(completion) { machine.keep(try await record(step)) }
    } catch let failure as ModelFailure {
      _ = try await link.call(.settle(reservation: reservation, nil))
      configuration.log(failure, of: work)
      machine.stop(failure.textForSender)
    }
  }

  /// - Returns: `false` when the turn is parked: somebody else takes it up again.
  private func authorise(_ call: ToolCall, _ machine: inout TurnMachine) async throws -> Bool {
    guard
      case .verdict(let verdict) = try await link.call(.authorise(work.id, index: call.index))
    else { throw ApplianceError(.malformed, "the supervisor did not answer about a call") }
    switch verdict {
    case .permitted: machine.permit(call)
    case .denied(let text):
      machine.keep(try await record(machine.accept(.failure(text), of: call)))
    case .parked: return false
    }
    return true
  }

  private func run(_ call: ToolCall) async throws -> ToolResult {
    guard ToolName.elsewhere.contains(call.tool) else {
      return await configuration.executor(for: work).run(call).withoutZeroBytes
    }
    guard case .result(let result) = try await link.call(.execute(work.id, index: call.index))
    else { throw ApplianceError(.malformed, "the supervisor did not answer about a call") }
    return result
  }

  /// - Returns: The step as it was stored.
  private func record(_ step: TurnStep) async throws -> TurnStep {
    guard case .recorded(let stored) = try await link.call(.record(work.id, step)) else {
      throw ApplianceError(.malformed, "the supervisor did not answer about a step")
    }
    return stored
  }
}

extension ToolResult {
  /// SQLite ends text at a zero byte.
  fileprivate var withoutZeroBytes: ToolResult {
    switch self {
    case .success(let text): .success(text.replacing("\0", with: "\u{FFFD}"))
    case .failure(let text): .failure(text.replacing("\0", with: "\u{FFFD}"))
    case .outcomeUnknown: self
    }
  }
}
