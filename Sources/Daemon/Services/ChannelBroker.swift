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

/// Answers what a gateway asks for its chat channels.
final class ChannelBroker: Sendable {
  private let store: TimelineStore
  private let audit: AuditTrail
  private let access: MessageAccess
  private let budget = Mutex(RecordBudget())
  private let refused = Mutex(Refused())

  /// Requests that were not taken and are not stored yet.
  private struct Refused {
    struct Key: Hashable {
      let channel: String
      let why: ChannelRefusal
    }
    var counts: [Key: Int] = [:]
    var storedAt = Date.distantPast
  }
  /// Rung when a text may be due.
  let due = WakeSignal()

  init(store: TimelineStore, audit: AuditTrail, access: MessageAccess) {
    (self.store, self.audit, self.access) = (store, audit, access)
  }

  func answer(_ request: ComponentRequest, worker: String) async throws -> ComponentReply {
    if let channel = Self.channel(of: request) { try await requireDeclared(channel) }
    switch request {
    case .receive(let receipt): return .admissions(try await receive(receipt))
    case .say(let channel, let word): return .flag(try await say(word, on: channel))
    case .cursor(let channel): return .cursor(try await store.cursor(of: channel))
    case .mayInvite(let channel, let sender):
      return .flag(try await mayInvite(sender, channel))
    case .refused(let channel, let why, let network):
      try await refuse(channel, why, network)
      return .done
    case .awaitDelivery(let channel, let wait):
      return .flag(try await isDue(channel, within: .milliseconds(min(max(0, wait), 60_000))))
    case .leaseDeliveries(let channel, let limit):
      guard !holds(channel) else { return .deliveries([]) }
      return .deliveries(
        try await store.leaseDeliveries(
          on: channel, to: worker, limit: min(max(0, limit), 64), at: Date()))
    case .delivered(let id, let outcome):
      let (channel, _) = try await store.record(screened(outcome), of: id, by: worker, at: Date())
      // Whether the next part may go.
      if case .sentParts = outcome { return .flag(!holds(channel)) }
      due.ring()
      return .done
    default: throw ApplianceError(.roleViolation, "this is no question about a channel")
    }
  }

  /// What a platform says is kept and shown.
  private func screened(_ outcome: DeliveryOutcome) -> DeliveryOutcome {
    guard case .failed(let failure) = outcome else { return outcome }
    return .failed(
      DeliveryFailure(
        failure.class, access.screen.shown(failure.message), retryAfter: failure.retryAfter))
  }

  private func receive(_ receipt: ChannelReceipt) async throws -> [Admission] {
    // A channel speaks for itself alone, and never as its own client.
    guard receipt.messages.count <= ChannelReceipt.limit,
      receipt.messages.allSatisfy({ message in
        message.channel == receipt.channel && message.sender != nil
          && message.client == ChannelRoute.clientPrefix + receipt.channel
      })
    else { throw ApplianceError(.roleViolation, "a channel may not deliver for another one") }
    let admissions = try await access.admit(receipt)
    if !admissions.isEmpty { access.arrived.ring() }
    for (message, admission) in zip(receipt.messages, admissions) {
      guard case .denied(let why) = admission else { continue }
      try access.tell(message, why)
      if why == .unknownSender { try await offerPairing(message) }
    }
    return admissions
  }

  /// Takes a word from those whom the desired state names for it; what came of it is told there.
  ///
  /// - Returns: Whether it counts.
  private func say(_ word: ChannelWord, on channel: String) async throws -> Bool {
    let now = Date()
    let actor = "sender:\(channel)/\(word.sender)"
    guard let desk = await access.settings()?.approvalDesks[channel],
      desk.approvers.contains(word.sender), !holds(channel), try await !isDenied(word, channel)
    else {
      // Whoever sees a button can press it again and again.
      let unrecorded = budget.withLock { $0.takes(at: now) ? $0.takeUnrecorded() : nil }
      guard let unrecorded else { return false }
      try audit.record(
        [
          AuditEvent(
            .approval, by: actor, on: "approval/\(word.approval.rawValue)", .denied, at: now,
            rule: holds(channel) ? "incident.containment" : "channels.\(channel).approvals",
            details: unrecorded == 0 ? [:] : ["unrecorded": String(unrecorded)])
        ], at: now)
      return false
    }
    let outcome: String
    do {
      let approval = try await access.desk.say(
        ApprovalWord(id: word.approval, isApproved: word.isApproved, by: actor))
      outcome = "\(approval.tool) is \(approval.state.rawValue)"
    } catch let error as ApplianceError where error.code.rawValue.hasPrefix("approval.") {
      outcome = "Not done: \(error.message)"
    }
    let who = SHA256.digest(Array(actor.utf8)).short
    try await store.send(
      "\(VisibleText.escape(word.sender)): \(outcome).",
      to: ReplyRoute(conversation: desk.conversation), on: channel,
      key: "word-\(word.approval.rawValue)-\(who)-\(word.isApproved)", at: now)
    due.ring()
    return true
  }

  /// Whether a list keeps somebody out, whatever another one says.
  private func isDenied(_ word: ChannelWord, _ channel: String) async throws -> Bool {
    try await store.withRules { rules, _ in
      rules.denied.contains(word.sender)
        || rules.channels[channel]?.deny.contains(word.sender) == true
    }
  }

  /// A code for somebody nobody knows; it goes back the way the message came, and tells nothing else.
  private func offerPairing(_ message: InboundMessage) async throws {
    guard let sender = message.sender, let route = message.route, message.place.room == nil,
      !message.isFromBot, let settings = await access.settings(),
      settings.pairing.contains(message.channel),
      access.containment.objection(to: message.principal) == nil
    else { return }
    let isOffered = try await store.requestPairing(
      sender, on: message.channel, to: route, at: Date()
    ) { code in
      "You are not known here. Your code is \(code), good for one hour: tell it to whoever runs this "
        + "assistant."
    }
    if isOffered { due.ring() }
  }

  /// Whoever may write to the account directly may also bring it into a room.
  private func mayInvite(_ sender: String, _ channel: String) async throws -> Bool {
    let message = InboundMessage(
      channel: channel, client: ChannelRoute.clientPrefix + channel, sender: sender,
      session: "default", text: "", idempotencyKey: "")
    guard access.containment.objection(to: message.principal) == nil else { return false }
    return try await store.withRules { [access] rules, version in
      access.judge.verdict(on: message, rules, version).decision.verdict == .permitted
    }
  }

  /// Counted always; recorded as far as the budget goes.
  private func refuse(_ channel: String, _ why: ChannelRefusal, _ network: String) async throws {
    let now = Date()
    let isDue = refused.withLock { refused in
      refused.counts[Refused.Key(channel: channel, why: why), default: 0] += 1
      return abs(now.timeIntervalSince(refused.storedAt)) >= 1
    }
    if isDue { try await storeCounts() }
    let unrecorded = budget.withLock { $0.takes(at: now) ? $0.takeUnrecorded() : nil }
    guard let unrecorded else { return }
    try audit.record(
      [
        AuditEvent(
          .admission, by: "network:\(SourceNetwork(recorded: network).text)",
          on: "channel/\(channel)", .denied, at: now, rule: "channel.\(why.rawValue)",
          details: unrecorded == 0 ? [:] : ["unrecorded": String(unrecorded)])
      ], at: now)
  }

  /// Whether an operator froze what goes there.
  private func holds(_ channel: String) -> Bool {
    access.containment.holdsDeliveries(to: channel)
  }

  /// Stores what was counted since the last time. Anybody can cause a count: each must not cost a write.
  func storeCounts() async throws {
    let counts = refused.withLock { refused in
      defer { (refused.counts, refused.storedAt) = ([:], Date()) }
      return refused.counts
    }
    guard !counts.isEmpty else { return }
    do {
      try await store.count(
        counts.map { (channel: $0.channel, event: "refused-\($0.why.rawValue)", count: $1) },
        at: Date())
    } catch {
      // They are stored with the next ones.
      refused.withLock { $0.counts.merge(counts, uniquingKeysWith: +) }
      throw error
    }
  }

  private static func channel(of request: ComponentRequest) -> String? {
    switch request {
    case .receive(let receipt): receipt.channel
    case .say(let channel, _), .cursor(let channel), .mayInvite(let channel, _),
      .refused(let channel, _, _),
      .awaitDelivery(let channel, _), .leaseDeliveries(let channel, _):
      channel
    default: nil
    }
  }

  /// A gateway makes no channel up: names become rows and labels.
  private func requireDeclared(_ channel: String) async throws {
    guard let settings = await access.settings(), settings.accounts.contains(channel) else {
      throw ApplianceError(.roleViolation, "there is no such channel")
    }
  }

  private func isDue(_ channel: String, within wait: Duration) async throws -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + wait
    while !Task.isCancelled {
      let seen = due.generation
      let next = holds(channel) ? nil : try await store.nextDelivery(on: channel)
      let pause = next.map { Duration.seconds($0.timeIntervalSince(Date())) }
      if let pause, pause <= .zero { return true }
      let left = deadline - clock.now
      guard left > .zero else { break }
      await due.wait(after: seen, for: pause.map { min($0, left) } ?? left)
    }
    return false
  }
}
