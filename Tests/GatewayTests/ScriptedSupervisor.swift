// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Foundation
import Supervision
import Synchronization

/// The supervisor's end of a gateway's link: admits messages and answers them as the test says.
final class ScriptedSupervisor: Sendable {
  private struct State {
    var admitted: [InboundMessage] = []
    var denial: Admission.Denial?
    var failure: ApplianceError?
    var outcome: (state: MessageStatus.State, reply: String?) = (.answered, "hi")
    var isHolding = false
    var waiting = 0
    var readiness = Readiness(agent: true, store: true, digest: true)
  }

  private let state = Mutex(State())
  private let changed = WakeSignal()

  var admitted: [InboundMessage] { state.withLock { $0.admitted } }

  func deny(_ denial: Admission.Denial?) { state.withLock { $0.denial = denial } }

  func fail(_ failure: ApplianceError?) { state.withLock { $0.failure = failure } }

  func end(as outcome: MessageStatus.State, _ reply: String?) {
    state.withLock { $0.outcome = (outcome, reply) }
  }

  func set(_ readiness: Readiness) { state.withLock { $0.readiness = readiness } }

  /// Leaves questions about messages unanswered until ``release()``.
  func hold() { state.withLock { $0.isHolding = true } }

  func release() {
    state.withLock { $0.isHolding = false }
    changed.ring()
  }

  /// Returns when so many questions wait for ``release()``.
  func waitForHeld(_ count: Int) async {
    while !Task.isCancelled {
      let seen = changed.generation
      if state.withLock({ $0.waiting >= count }) { return }
      await changed.wait(after: seen, for: nil)
    }
  }

  func answer(_ request: ComponentRequest) async throws -> ComponentReply {
    if let failure = state.withLock({ $0.failure }) { throw failure }
    switch request {
    case .admit(let message): return .admission(admit(message))
    case .message(let id, let client, _): return .message(await status(of: id, client))
    case .readiness: return .readiness(state.withLock { $0.readiness })
    case .status: return .status(Self.status)
    case .lease, .record, .finish, .abandon:
      throw ApplianceError(.malformed, "not a request of a gateway")
    }
  }

  private func admit(_ message: InboundMessage) -> Admission {
    state.withLock { state in
      state.admitted.append(message)
      if let denial = state.denial { return .denied(denial) }
      return .stored(
        Self.status("m\(state.admitted.count)", message.client, .queued, nil), isRepeat: false)
    }
  }

  private func status(of id: MessageID, _ client: String) async -> MessageStatus? {
    state.withLock { $0.waiting += 1 }
    changed.ring()
    while !Task.isCancelled {
      let seen = changed.generation
      if !state.withLock({ $0.isHolding }) { break }
      await changed.wait(after: seen, for: nil)
    }
    return state.withLock { state in
      state.waiting -= 1
      guard id.rawValue.hasPrefix("m") else { return nil }
      return Self.status(id.rawValue, client, state.outcome.state, state.outcome.reply)
    }
  }

  private static func status(
    _ id: String, _ client: String, _ state: MessageStatus.State, _ reply: String?
  ) -> MessageStatus {
    MessageStatus(
      id: MessageID(rawValue: id), traceID: TraceID(rawValue: "t-" + id), client: client,
      session: "default", state: state, reply: reply,
      usage: state == .answered ? TokenUsage(input: 2, output: 1) : nil)
  }

  private static let status = ApplianceStatus(
    ready: true, appliance: .init(name: "probe", incidentOwner: nil), conditions: [],
    components: [], providers: [], channels: [], revisions: .init(), drift: .init(),
    reconcile: .init(generation: 1, observedGeneration: 1, quarantined: [], waiting: nil),
    serial: 1,
    checkedAt: Date(timeIntervalSince1970: 0))
}
