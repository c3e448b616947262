// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Foundation
import Supervision
import Synchronization

/// The supervisor's end of a gateway's link: admits messages and answers them as the test says.
final class ScriptedSupervisor: Sendable {
  /// A login, or a failed one, as the gateway told it.
  struct Login: Sendable, Equatable {
    let client: String
    let network: String
  }

  struct FailedLogin: Sendable, Equatable {
    let network: String
    let path: String
  }

  private struct State {
    var logins: [Login] = []
    var failedLogins: [FailedLogin] = []
    var lock: NetworkLock?
    var authenticationFailure: ApplianceError?
    var reconciles: [String] = []
    var refusals: [ChannelRefusal] = []
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
  var logins: [Login] { state.withLock { $0.logins } }
  var failedLogins: [FailedLogin] { state.withLock { $0.failedLogins } }
  /// Why requests of channels were not taken.
  var refusals: [ChannelRefusal] { state.withLock { $0.refusals } }
  /// Clients that asked for a pass.
  var reconciles: [String] { state.withLock { $0.reconciles } }

  func deny(_ denial: Admission.Denial?) { state.withLock { $0.denial = denial } }

  func fail(_ failure: ApplianceError?) { state.withLock { $0.failure = failure } }

  /// What is answered to failed logins from now on.
  func lock(until end: Date?, clients: Set<String> = []) {
    state.withLock { $0.lock = end.map { NetworkLock(until: $0, clients: clients) } }
  }

  /// Neither logins nor failed ones can be recorded.
  func failAuthentications(with failure: ApplianceError?) {
    state.withLock { $0.authenticationFailure = failure }
  }

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
    case .authenticated(let client, let network):
      try recordAuthentication { $0.logins.append(Login(client: client, network: network)) }
      return .done
    case .authenticationFailed(let network, let path):
      try recordAuthentication { $0.failedLogins.append(FailedLogin(network: network, path: path)) }
      return .lockedOut(state.withLock { $0.lock })
    case .metrics: return .metrics(Self.metrics)
    case .reconcile(let client):
      state.withLock { $0.reconciles.append(client) }
      return .done
    case .approvals, .decide: return .approvals([])
    case .receive(let receipt): return .admissions(receipt.messages.map(admit))
    case .refused(_, let why, _):
      state.withLock { $0.refusals.append(why) }
      return .done
    case .awaitDelivery:
      try await Task.sleep(for: .seconds(20))
      return .flag(false)
    case .dashboard: return .dashboard(.loginNeeded)
    case .cursor, .say, .mayInvite, .leaseDeliveries, .delivered: return .done
    case .lease, .record, .authorise, .execute, .reserve, .settle, .finish, .abandon:
      throw ApplianceError(.malformed, "not a request of a gateway")
    }
  }

  private func recordAuthentication(_ body: (inout State) -> Void) throws {
    try state.withLock { state in
      if let failure = state.authenticationFailure { throw failure }
      body(&state)
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

  static let metrics = MetricsSnapshot([
    .init("kafclaw_ready", .gauge, "Whether the appliance is ready.", [.init(1)]),
    .init(
      "kafclaw_denials_total", .counter, "Messages that were refused.",
      [.init(3, ["reason": "unknown-sender"])]),
  ])
}
