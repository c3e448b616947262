// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import FoundationEssentials
import SodiumCrypto
import Synchronization
import Tomb

/// Looks for the values of live secrets in what passes between senders, models and tools. What a
/// model, a tool or a sender must not see is taken out; every sight is recorded.
final class SecretScreen: Sendable {
  private struct State {
    var tripwire = SecretTripwire(secrets: [])
    var live: [(name: String, value: SecretValue)] = []
    /// What was written down already; its key is nowhere else.
    var exposed: Set<KeyedHash> = []
  }

  private let audit: AuditTrail
  private let exposures: SecretExposures
  /// Every live secret with its name.
  private let secrets: @Sendable () throws -> [(name: String, value: SecretValue)]
  private let state = Mutex(State())
  private let key = HashKey.random()

  init(
    audit: AuditTrail, exposures: SecretExposures,
    secrets: @escaping @Sendable () throws -> [(name: String, value: SecretValue)]
  ) {
    (self.audit, self.exposures, self.secrets) = (audit, exposures, secrets)
  }

  /// Looks for the secrets as they are now.
  ///
  /// - Throws: What keeps them from being read; those known before are looked for until then.
  func refresh() throws {
    let live = try secrets()
    let tripwire = SecretTripwire(secrets: live)
    state.withLock { ($0.live, $0.tripwire) = (live, tripwire) }
  }

  /// A message without the secrets its sender knew: each counts as exposed, and has to be rotated.
  ///
  /// - Returns: `nil` for a message that holds one where nothing can be taken out: in an id.
  func inbound(_ message: InboundMessage) throws -> InboundMessage? {
    let place = message.place
    let ids = [
      message.sender, message.session, message.idempotencyKey, place.account, place.room,
      place.thread, message.route?.conversation, message.route?.thread, message.route?.message,
    ]
    let hidden = ids.compactMap { $0 }.flatMap { find(in: $0) }
    let names = Set(find(in: message.text) + hidden).sorted()
    guard !names.isEmpty else { return message }
    let sender = hidden.isEmpty ? message.sender ?? message.client : message.client
    try tell(
      names, hidden.isEmpty ? "inbound" : "inbound/id", by: "sender:\(message.channel)/\(sender)",
      hidden.isEmpty ? .done : .denied, trace: nil)
    try expose(names)
    guard hidden.isEmpty else { return nil }
    return InboundMessage(
      channel: message.channel, client: message.client, sender: message.sender,
      session: message.session, text: Self.withheld("message", names),
      idempotencyKey: message.idempotencyKey, place: message.place, isFromBot: message.isFromBot,
      route: message.route)
  }

  /// A call without its arguments, where they hold a secret; it does not run.
  func arguments(of call: ToolCall, in id: MessageID) throws -> ToolCall {
    let texts = [CanonicalJSON.text(call.arguments), call.remark, call.tool, call.reference]
    let names = Set(texts.compactMap { $0 }.flatMap { find(in: $0) }).sorted()
    guard !names.isEmpty else { return call }
    try tell(names, "tool/arguments", by: "agent", .denied, trace: id)
    return ToolCall(
      index: call.index, tool: ToolName.known.contains(call.tool) ? call.tool : "unknown",
      arguments: [:], batch: call.batch, reference: nil, blocked: names)
  }

  func result(_ result: ToolResult, in id: MessageID) throws -> ToolResult {
    let text: String
    switch result {
    case .success(let content), .failure(let content): text = content
    case .outcomeUnknown: return result
    }
    let names = find(in: text)
    guard !names.isEmpty else { return result }
    try tell(names, "tool/result", by: "agent", .denied, trace: id)
    return .failure(Self.withheld("result", names))
  }

  /// A note of an operator, as it may be kept.
  func note(_ text: String, by actor: String) throws -> String {
    let names = find(in: text)
    guard !names.isEmpty else { return text }
    try tell(names, "note", by: actor, .denied, trace: nil)
    return Self.withheld("note", names)
  }

  /// A session's earlier exchanges as a model may read them: what was said before a secret was known
  /// as one may hold it.
  func history(_ history: [Exchange], in id: MessageID) throws -> [Exchange] {
    try history.map { exchange in
      let names = Set(find(in: exchange.text) + find(in: exchange.reply)).sorted()
      guard !names.isEmpty else { return exchange }
      try tell(names, "history", by: "supervisor", .denied, trace: id)
      let withheld = Self.withheld("exchange", names)
      return Exchange(text: withheld, reply: withheld)
    }
  }

  /// A turn as its worker may read it: what was stored before a secret was known as one may hold it.
  func screened(_ work: Work) throws -> Work {
    var work = work
    work.history = try history(work.history, in: work.id)
    let names = find(in: work.text)
    if !names.isEmpty {
      try tell(names, "stored", by: "supervisor", .denied, trace: work.id)
      work.text = Self.withheld("message", names)
    }
    work.steps = try work.steps.map { step in
      switch step {
      case .intent(let call): .intent(try arguments(of: call, in: work.id))
      case .result(let index, let result):
        .result(index: index, try self.result(result, in: work.id))
      case .authorised: step
      }
    }
    return work
  }

  func outbound(_ text: String, in id: MessageID) throws -> String {
    let names = find(in: text)
    guard !names.isEmpty else { return text }
    try tell(names, "outbound", by: "agent", .denied, trace: id)
    return "This reply was withheld: it held a secret of the appliance."
  }

  /// A text for a record.
  func shown(_ text: String) -> String {
    find(in: text).isEmpty ? text : "(withheld: a secret)"
  }

  private func find(in text: String) -> [String] {
    state.withLock { $0.tripwire }.find(in: text)
  }

  /// Writes down that secrets have to be rotated, one after the other and each value once: a hash of
  /// it takes its time.
  private func expose(_ names: [String]) throws {
    try state.withLock { state in
      for secret in state.live where names.contains(secret.name) {
        let seen = KeyedHash(of: secret.value, key: key)
        guard !state.exposed.contains(seen) else { continue }
        try exposures.add(secret.name, secret.value, at: Date())
        state.exposed.insert(seen)
      }
    }
  }

  private static func withheld(_ what: String, _ names: [String]) -> String {
    "[This \(what) was withheld: it held the secret \(names.joined(separator: ", ")).]"
  }

  private func tell(
    _ names: [String], _ place: String, by actor: String, _ outcome: AuditEvent.Outcome,
    trace: MessageID?
  ) throws {
    let now = Date()
    try audit.record(
      names.map { name in
        AuditEvent(
          .secretSeen, by: actor, on: "secret/\(name)", outcome, at: now, trace: trace?.rawValue,
          details: ["place": place])
      }, at: now)
  }
}
