// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Supervision
import Synchronization

/// The supervisor's end of an agent's link: hands out messages and keeps what the agent stores.
final class ScriptedSupervisor: Sendable {
  struct Finish: Sendable, Equatable {
    let reply: String
    let usage: TokenUsage
  }

  private struct State {
    var queue: [Work] = []
    var steps: [MessageID: [TurnStep]] = [:]
    var finishes: [MessageID: [Finish]] = [:]
    var abandoned: [MessageID] = []
    var leases = 0
    var isHolding = false
    var held = 0
    var recordFailure: ApplianceError?
    var verdicts: [Int: ToolVerdict] = [:]
    var executed: [Int] = []
    var budget = Budget.granted(reservation: 1)
    var reserved: [Int] = []
    var settled: [TokenUsage?] = []
    var replacement: @Sendable (TurnStep) -> TurnStep = { $0 }
    var observe: @Sendable (TurnStep) -> Void = { _ in }
  }

  private let state = Mutex(State())
  private let changed = WakeSignal()

  func give(_ work: Work...) {
    state.withLock { $0.queue += work }
    changed.ring()
  }

  /// Called with every step before it is answered.
  func whenRecording(_ body: @escaping @Sendable (TurnStep) -> Void) {
    state.withLock { $0.observe = body }
  }

  /// Leaves steps unanswered until ``release()``.
  func hold() { state.withLock { $0.isHolding = true } }

  func release() {
    state.withLock { $0.isHolding = false }
    changed.ring()
  }

  func failRecords(with error: ApplianceError?) { state.withLock { $0.recordFailure = error } }

  /// What is said about the call at a place; others may run.
  func say(_ verdict: ToolVerdict, of index: Int) {
    state.withLock { $0.verdicts[index] = verdict }
  }

  func answerBudget(_ budget: Budget) { state.withLock { $0.budget = budget } }

  /// What is stored in the place of a step.
  func replace(_ body: @escaping @Sendable (TurnStep) -> TurnStep) {
    state.withLock { $0.replacement = body }
  }

  var executed: [Int] { state.withLock { $0.executed } }
  var reserved: [Int] { state.withLock { $0.reserved } }
  var settled: [TokenUsage?] { state.withLock { $0.settled } }

  func steps(of id: MessageID) -> [TurnStep] { state.withLock { $0.steps[id] ?? [] } }
  func finishes(of id: MessageID) -> [Finish] { state.withLock { $0.finishes[id] ?? [] } }
  var abandoned: [MessageID] { state.withLock { $0.abandoned } }
  var leases: Int { state.withLock { $0.leases } }
  var held: Int { state.withLock { $0.held } }

  /// Returns when `condition` holds; it is looked at after every request.
  func wait(until condition: @Sendable (ScriptedSupervisor) -> Bool) async {
    while !Task.isCancelled {
      let seen = changed.generation
      if condition(self) { return }
      await changed.wait(after: seen, for: nil)
    }
  }

  func answer(_ request: ComponentRequest) async throws -> ComponentReply {
    defer { changed.ring() }
    switch request {
    case .lease: return .work(await lease())
    case .record(let id, let step): return try await record(id, step)
    case .finish(let id, let reply, let usage):
      state.withLock { $0.finishes[id, default: []].append(Finish(reply: reply, usage: usage)) }
      return .done
    case .abandon(let id):
      state.withLock { $0.abandoned.append(id) }
      return .done
    case .authorise(let id, let index):
      let verdict = state.withLock { $0.verdicts[index] ?? .permitted }
      if verdict == .permitted {
        state.withLock { $0.steps[id, default: []].append(.authorised(index: index)) }
      }
      return .verdict(verdict)
    case .execute(_, let index):
      state.withLock { $0.executed.append(index) }
      return .result(.success("ran \(index)"))
    case .reserve(_, let tokens):
      state.withLock { $0.reserved.append(tokens) }
      return .budget(state.withLock { $0.budget })
    case .settle(_, let usage):
      state.withLock { $0.settled.append(usage) }
      return .done
    case .admit, .message, .readiness, .status, .authenticated, .authenticationFailed, .metrics,
      .reconcile, .approvals, .decide, .receive, .say, .dashboard, .cursor, .mayInvite, .refused,
      .awaitDelivery,
      .leaseDeliveries, .delivered:
      throw ApplianceError(.malformed, "not a request of an agent")
    }
  }

  private func lease() async -> Work? {
    state.withLock { $0.leases += 1 }
    changed.ring()
    while !Task.isCancelled {
      let seen = changed.generation
      let next = state.withLock { $0.queue.isEmpty ? nil : $0.queue.removeFirst() }
      if let next { return next }
      await changed.wait(after: seen, for: nil)
    }
    return nil
  }

  private func record(_ id: MessageID, _ step: TurnStep) async throws -> ComponentReply {
    let (observe, failure) = state.withLock { ($0.observe, $0.recordFailure) }
    observe(step)
    if let failure { throw failure }
    let step = state.withLock { $0.replacement }(step)
    state.withLock { $0.steps[id, default: []].append(step) }
    state.withLock { $0.held += 1 }
    changed.ring()
    await wait { $0.state.withLock { !$0.isHolding } }
    state.withLock { $0.held -= 1 }
    return .recorded(step)
  }
}
