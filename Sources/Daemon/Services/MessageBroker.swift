// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import SodiumCrypto
import Supervision
import Synchronization
import Timeline

extension ApplianceError.Code {
  /// A component asked for something that is not its role's.
  static let roleViolation = Self("component.role-violation")
}

/// Answers components: each role its own requests and no others. The only user of the timeline on
/// the message path.
final class MessageBroker: Sendable {
  private let store: TimelineStore
  private let audit: AuditTrail
  private let arrived: WakeSignal
  private let replies: ReplySignals
  /// Takes whether the store answers.
  private let readiness: @Sendable (Bool) async -> Readiness
  private let status: @Sendable () async throws -> ApplianceStatus
  private let logins: LoginRecorder
  private let dashboard: @Sendable (DashboardRequest) async throws -> DashboardReply
  /// Rung by a client that asks for a pass.
  private let wake: WakeSignal
  private let access: MessageAccess
  private let channels: ChannelBroker
  /// Of the agent's 16 turns: however many sessions one principal writes in, others get theirs.
  private static let share = 12

  init(
    store: TimelineStore, audit: AuditTrail, wake: WakeSignal, access: MessageAccess,
    readiness: @escaping @Sendable (Bool) async -> Readiness,
    status: @escaping @Sendable () async throws -> ApplianceStatus,
    dashboard: @escaping @Sendable (DashboardRequest) async throws -> DashboardReply
  ) {
    (self.store, self.audit, self.wake, self.access) = (store, audit, wake, access)
    (arrived, replies) = (access.arrived, access.replies)
    logins = LoginRecorder(audit: audit, store: store)
    channels = ChannelBroker(store: store, audit: audit, access: access)
    (self.readiness, self.dashboard) = (readiness, dashboard)
    self.status = status
  }

  /// Stores what was refused on channels and is not stored yet.
  func storeCounts() async throws { try await channels.storeCounts() }

  /// Rung when a text for a chat channel may be due.
  var due: WakeSignal { channels.due }

  func answerGateway(
    _ request: ComponentRequest, worker: String
  ) async throws -> ComponentReply {
    switch request {
    case .admit(let message):
      // Also what is stored already is not answered while everything is contained.
      let admission =
        access.containment.refuses(client: message.client)
        ? .denied(.contained) : try await access.admit(message)
      if case .stored(_, isRepeat: false) = admission { arrived.ring() }
      if case .denied(let why) = admission { try access.tell(message, why) }
      return .admission(admission)
    case .message(let id, let client, let wait):
      try requireHeard(client)
      return .message(try await message(id, client: client, wait: .milliseconds(wait)))
    case .readiness: return .readiness(await readiness(await storeAnswers()))
    case .status:
      let whole = try await status()
      // Whoever is contained may be any client with the scope.
      return .status(access.containment.isEveryClientRefused ? whole.brief : whole)
    case .authenticated(let client, let network):
      try await logins.succeed(client, from: network)
      return .done
    case .authenticationFailed(let network, let path):
      return .lockedOut(try await logins.fail(from: network, path: path))
    case .metrics:
      try await channels.storeCounts()
      let collector = MetricsCollector(store: store, status: status)
      return .metrics(try await collector.snapshot(at: Date()))
    case .reconcile(let client):
      try requireHeard(client)
      try askForPass(client)
      return .done
    case .approvals(let client):
      try requireHeard(client)
      return .approvals(try await access.desk.list(nil))
    case .decide(let word):
      guard word.by.hasPrefix("client:") else { throw violation("gateway") }
      try requireHeard(String(word.by.dropFirst(7)))
      return .approvals([try await access.desk.say(word)])
    case .dashboard(let request): return .dashboard(try await dashboard(request))
    case .receive, .say, .cursor, .mayInvite, .refused, .awaitDelivery, .leaseDeliveries,
      .delivered:
      return try await channels.answer(request, worker: worker)
    case .lease, .record, .authorise, .execute, .reserve, .settle, .finish, .abandon:
      throw violation("gateway")
    }
  }

  func answerAgent(_ request: ComponentRequest, worker: String) async throws -> ComponentReply {
    switch request {
    case .lease(let wait):
      return .work(try await lease(to: worker, wait: .milliseconds(min(wait, 60_000))))
    case .record(let id, let step):
      let step = try access.screened(step, of: id)
      try tell(step, of: id)
      try await store.record(step, of: id, by: worker)
      return .recorded(step)
    case .authorise(let id, let index):
      let verdict = try await access.authority.verdict(on: id, index, worker: worker)
      // Whoever asks for the message is to know that it waits, and what for.
      if case .parked = verdict {
        replies.ring(id)
        channels.due.ring()
      }
      return .verdict(verdict)
    case .execute(let id, let index):
      return .result(try await access.execute(id, index, worker: worker))
    case .reserve(let id, let tokens):
      return .budget(try await access.reserve(tokens, for: id, worker: worker))
    case .settle(let reservation, let usage):
      try await store.settle(ReservationID(rawValue: reservation), used: usage)
      return .done
    case .abandon(let id):
      access.authority.grants.drop(of: worker, message: id)
      try await store.releaseLeases(of: worker, message: id, at: Date())
      arrived.ring()
      replies.ring(id)
      channels.due.ring()
      return .done
    case .finish(let id, let reply, let usage):
      try await access.finish(id, reply: reply, usage: usage, worker: worker)
      replies.ring(id)
      channels.due.ring()
      // The next message of the same session is free now.
      arrived.ring()
      return .done
    case .admit, .message, .readiness, .status, .authenticated, .authenticationFailed, .metrics,
      .reconcile, .approvals, .decide, .receive, .say, .cursor, .mayInvite, .refused,
      .awaitDelivery,
      .leaseDeliveries, .delivered, .dashboard:
      throw violation("agent")
    }
  }

  /// - Throws: `incident.contained` while no API client is heard.
  private func requireHeard(_ client: String) throws {
    guard access.containment.refuses(client: client) else { return }
    throw ApplianceError(
      .contained, "the appliance is contained by its operator", hint: "kafclaw incident show")
  }

  /// Counts a login to the dashboard with what is nobody's.
  func failedLogin(from network: String) async throws -> NetworkLock? {
    try await logins.fail(from: network, path: "/login")
  }

  private func askForPass(_ client: String) throws {
    let now = Date()
    try audit.record(
      [AuditEvent(.request, by: "client:\(client)", on: "reconciler", .done, at: now)], at: now)
    wake.ring()
  }

  /// Gives back what a dead gateway was sending.
  func releaseDeliveries(of worker: String) async throws {
    try await store.releaseDeliveries(of: worker)
    channels.due.ring()
  }

  /// Gives a dead worker's messages to the next one.
  func release(_ worker: String) async throws {
    access.authority.grants.drop(of: worker)
    try await store.releaseLeases(of: worker, at: Date())
    arrived.ring()
    replies.ringAll()
  }

  private func lease(to worker: String, wait: Duration) async throws -> Work? {
    let clock = ContinuousClock()
    let deadline = clock.now + wait
    while true {
      let seen = arrived.generation
      if var work = try await store.lease(to: worker, share: Self.share) {
        guard !Task.isCancelled else {
          try await release(worker)
          return nil
        }
        work.tools = try await access.authority.grantedTools(work)
        if work.tools.contains(ToolName.readSkill) { work.skills = await access.offeredSkills() }
        return try access.screen.screened(work)
      }
      guard clock.now < deadline, !Task.isCancelled else { return nil }
      await arrived.wait(after: seen, for: deadline - clock.now)
    }
  }

  private func message(
    _ id: MessageID, client: String, wait: Duration
  ) async throws -> MessageStatus? {
    let clock = ContinuousClock()
    let deadline = clock.now + min(wait, .seconds(120))
    return try await replies.with(id) { signal in
      while true {
        let seen = signal.generation
        let status = try await self.store.status(of: id, client: client)
        guard let status, status.state == .queued || status.state == .processing else {
          return status
        }
        guard clock.now < deadline, !Task.isCancelled else { return status }
        await signal.wait(after: seen, for: deadline - clock.now)
      }
    }
  }

  private func storeAnswers() async -> Bool {
    do {
      try await store.probe()
      return true
    } catch {
      return false
    }
  }

  /// A tool runs only once its call is in the audit log: by a digest of the arguments, which may
  /// hold what people said.
  private func tell(_ step: TurnStep, of id: MessageID) throws {
    guard case .intent(let call) = step else { return }
    let now = Date()
    try audit.record(
      [
        AuditEvent(
          .toolCall, by: "agent", on: "tool/\(call.tool)", .intent, at: now, trace: id.rawValue,
          details: [
            "arguments": SHA256.digest(call.arguments).short, "index": String(call.index),
          ])
      ], at: now)
  }

  private func violation(_ role: String) -> ApplianceError {
    ApplianceError(.roleViolation, "the \(role) may not ask for this")
  }
}

/// One signal for each message that somebody waits for.
final class ReplySignals: Sendable {
  private let signals = Mutex<[MessageID: (signal: WakeSignal, users: Int)]>([:])

  func with<Value>(
    _ id: MessageID, _ body: (WakeSignal) async throws -> Value
  ) async rethrows -> Value {
    let signal = signals.withLock { signals in
      let entry = signals[id] ?? (WakeSignal(), 0)
      signals[id] = (entry.signal, entry.users + 1)
      return entry.signal
    }
    defer {
      signals.withLock { signals in
        guard let entry = signals[id] else { return }
        signals[id] = entry.users > 1 ? (entry.signal, entry.users - 1) : nil
      }
    }
    return try await body(signal)
  }

  func ring(_ id: MessageID) { signals.withLock { $0[id]?.signal }?.ring() }

  func ringAll() {
    for signal in signals.withLock({ $0.values.map(\.signal) }) { signal.ring() }
  }
}
