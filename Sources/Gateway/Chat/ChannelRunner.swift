// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import ControlAPI
import Logging
import Supervision
import Synchronization

/// One channel while it runs: makes sure of its account, polls, sends.
final class ChannelRunner: Sendable {
  private struct State {
    var isProven = false
    var failure: DeliveryFailure?
    var pollFailure: DeliveryFailure?
    var isStopping = false
    /// The platform does not know the place where the last poll ended.
    var isCursorLost = false
    /// Rooms that could not be joined yet.
    var invitations: [ChannelPoll.Invitation] = []
    var sending = 0
  }

  /// Between two looks at a platform that is fine. Seconds.
  static let proofInterval = 300
  /// Texts that are sent at the same time.
  static let atOnce = 8
  /// How long one request for texts waits. Milliseconds.
  static let wait = 20_000

  let adapter: any ChannelAdapter
  private let link: ComponentLink
  private let logger: Logger
  private let state = Mutex(State())
  private let stopping = WakeSignal()
  /// Rung when a text less is being sent, and when the account is proven.
  private let slots = WakeSignal()

  init(_ adapter: any ChannelAdapter, _ link: ComponentLink, _ logger: Logger) {
    (self.adapter, self.link, self.logger) = (adapter, link, logger)
  }

  private var name: String { adapter.route.name }

  var report: ChannelReport {
    let state = state.withLock { $0 }
    let failure = state.failure ?? state.pollFailure
    return ChannelReport(
      name: name, isHealthy: state.isProven && failure == nil, isProven: state.isProven,
      isFinal: failure?.class == .unauthorized || failure?.class == .refused,
      message: failure?.message ?? adapter.remark)
  }

  /// Runs until ``stop()``. What is being sent then is sent to its end.
  func run() async {
    await withTaskGroup { group in
      group.addTask { await self.untilStopped { await self.proveAndPoll() } }
      group.addTask { await self.deliver() }
      await group.waitForAll()
    }
  }

  func stop() {
    state.withLock { $0.isStopping = true }
    stopping.ring()
  }

  private var isStopping: Bool { Task.isCancelled || state.withLock { $0.isStopping } }

  /// Runs `body`, and cancels it when the channel is to stop.
  private func untilStopped(_ body: @escaping @Sendable () async -> Void) async {
    await withTaskGroup { group in
      group.addTask { await body() }
      group.addTask {
        while !self.isStopping {
          let seen = self.stopping.generation
          if self.isStopping { break }
          await self.stopping.wait(after: seen, for: nil)
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  private func proveAndPoll() async {
    await withTaskGroup { group in
      group.addTask { await self.prove() }
      if let polling = self.adapter as? any PollingChannel {
        group.addTask { await self.poll(polling) }
      }
      await group.waitForAll()
    }
  }

  /// Looks at the account again and again: a token that was taken back is to be seen before somebody
  /// misses an answer.
  private func prove() async {
    var failures = 0
    while !isStopping {
      failures = await look() ? 0 : failures + 1
      let pause = failures == 0 ? Self.proofInterval : min(60, 1 << min(failures, 6))
      await sleep(max(pause, failures == 0 ? 0 : state.withLock { $0.failure?.retryAfter } ?? 0))
    }
  }

  /// Asks the platform whether it knows the account; the report says what came of it.
  @discardableResult
  func look() async -> Bool {
    do {
      try await adapter.prove()
      state.withLock { ($0.isProven, $0.failure) = (true, nil) }
      stopping.ring()
      slots.ring()
      return true
    } catch {
      guard !isStopping else { return false }
      note(error, "cannot use the channel")
      state.withLock { $0.failure = error }
      return false
    }
  }

  /// Asks for what is new; the cursor moves in the transaction that stores it.
  private func poll(_ channel: any PollingChannel) async {
    while !isStopping, !state.withLock({ $0.isProven }) {
      let seen = stopping.generation
      if state.withLock({ $0.isProven }) { break }
      await stopping.wait(after: seen, for: nil)
    }
    var failures = 0
    while !isStopping {
      do {
        try await pollOnce(channel)
        failures = 0
        state.withLock { $0.pollFailure = nil }
      } catch let failure as DeliveryFailure {
        guard !isStopping else { return }
        failures += 1
        note(failure, "cannot poll")
        state.withLock { $0.pollFailure = failure }
        let least = failure.class == .unauthorized ? 60 : 1
        await sleep(max(least, failure.retryAfter ?? 0, min(60, 1 << min(failures, 6))))
      } catch {
        // The supervisor could not store it: the platform still has it.
        guard !isStopping else { return }
        failures += 1
        logger.error("cannot store what arrived", metadata: ["channel": "\(name)"])
        state.withLock { state in
          state.pollFailure = DeliveryFailure(.transient, "what arrives cannot be stored")
        }
        await sleep(min(30, 1 << min(failures, 5)))
      }
    }
  }

  private func pollOnce(_ channel: any PollingChannel) async throws {
    guard case .cursor(let stored) = try await link.call(.cursor(channel: name)) else {
      throw ApplianceError(.malformed, "the supervisor did not answer about a cursor")
    }
    let cursor = ownCursor(stored)
    let poll: ChannelPoll
    do { poll = try await channel.poll(after: cursor) } catch let failure {
      // The platform does not know the place any more: it begins where the account stands now.
      if failure.class == .refused, cursor != nil { state.withLock { $0.isCursorLost = true } }
      throw failure
    }
    state.withLock { $0.isCursorLost = false }
    if poll.unreadable > 0 {
      logger.warning(
        "events were passed over",
        metadata: ["channel": "\(name)", "count": "\(poll.unreadable)"])
    }
    await answer(poll.invitations, channel)
    // A server that answers at once with nothing is not asked without end.
    guard !poll.messages.isEmpty || poll.cursor != cursor else { return await sleep(1) }
    try await store(poll)
  }

  /// A cursor of another account says nothing about this one.
  private func ownCursor(_ stored: String?) -> String? {
    guard let stored, !state.withLock({ $0.isCursorLost }), let identity = adapter.identity,
      stored.hasPrefix(identity + "\n")
    else { return nil }
    return String(stored.dropFirst(identity.count + 1))
  }

  /// In pieces, since one request has a limit; the cursor goes with the last.
  private func store(_ poll: ChannelPoll) async throws {
    var rest = poll.messages[...]
    repeat {
      let piece = rest.prefix(ChannelReceipt.limit)
      rest = rest.dropFirst(piece.count)
      _ = try await link.call(
        .receive(
          ChannelReceipt(
            channel: name, messages: Array(piece),
            cursor: rest.isEmpty ? "\(adapter.identity ?? "")\n\(poll.cursor)" : nil)))
    } while !rest.isEmpty
  }

  /// Those that could not be joined are tried again with the next poll.
  private func answer(_ new: [ChannelPoll.Invitation], _ channel: any PollingChannel) async {
    let all = state.withLock { state in
      defer { state.invitations = [] }
      return state.invitations + new
    }
    for invitation in all.suffix(100) {
      do {
        let ask = ComponentRequest.mayInvite(channel: name, sender: invitation.sender)
        guard case .flag(true) = try await link.call(ask) else { continue }
        try await channel.join(invitation.room)
      } catch let failure as DeliveryFailure {
        note(failure, "cannot join a room")
        if failure.class != .refused { state.withLock { $0.invitations.append(invitation) } }
      } catch {
        state.withLock { $0.invitations.append(invitation) }
      }
    }
  }

  /// Sends what is due. A text is leased only when it is sent at once.
  private func deliver() async {
    await withDiscardingTaskGroup { group in
      while !isStopping {
        await untilStopped { await self.awaitWork() }
        guard !isStopping else { return }
        let free = Self.atOnce - state.withLock { $0.sending }
        guard free > 0 else { continue }
        do {
          guard
            case .deliveries(let deliveries) = try await link.call(
              .leaseDeliveries(channel: name, limit: free))
          else { continue }
          state.withLock { $0.sending += deliveries.count }
          for delivery in deliveries {
            group.addTask {
              await self.send(delivery)
              self.state.withLock { $0.sending -= 1 }
              self.slots.ring()
            }
          }
        } catch {
          await sleep(1)
        }
      }
    }
  }

  /// Returns when there may be a text, and room to send it.
  private func awaitWork() async {
    while !isStopping {
      let seen = slots.generation
      if state.withLock({ $0.sending < Self.atOnce && $0.isProven }) { break }
      await slots.wait(after: seen, for: .seconds(5))
    }
    do {
      _ = try await link.call(.awaitDelivery(channel: name, wait: Self.wait))
    } catch {
      await sleep(1)
    }
  }

  /// Part by part: each is confirmed before the next is begun.
  private func send(_ delivery: Delivery) async {
    let outcome: DeliveryOutcome
    if let account = delivery.route.account, account != adapter.identity {
      outcome = .failed(
        DeliveryFailure(.refused, "the channel is another account than the one that was written to")
      )
    } else {
      do {
        outcome = try await sendParts(of: delivery)
      } catch let failure as DeliveryFailure {
        note(failure, "cannot send")
        outcome = .failed(failure)
      } catch {
        // The link is gone: whoever takes over sends again from the last part that was confirmed.
        return
      }
    }
    do { _ = try await confirm(outcome, of: delivery) } catch {
      logger.error("cannot confirm a delivery", metadata: ["channel": "\(name)"])
    }
  }

  private func sendParts(of delivery: Delivery) async throws -> DeliveryOutcome {
    let parts = adapter.parts(of: delivery.text)
    var last: String?
    for index in parts.indices.dropFirst(delivery.partsSent) {
      // An operator may have frozen the channel since the text was leased.
      guard try await confirm(.sentParts(index), of: delivery) else {
        return .failed(DeliveryFailure(.busy, "an operator holds it back", retryAfter: 5))
      }
      last = try await adapter.send(
        parts[index], index: index, key: "\(delivery.key).\(index)", to: delivery.route)
    }
    return .sent(platformID: last)
  }

  /// Again and again while the supervisor is there: what is not confirmed keeps its conversation
  /// waiting.
  ///
  /// - Returns: Whether the next part may go.
  private func confirm(_ outcome: DeliveryOutcome, of delivery: Delivery) async throws -> Bool {
    var failures = 0
    while true {
      do {
        guard case .flag(let goesOn) = try await link.call(.delivered(delivery.id, outcome)) else {
          return true
        }
        return goesOn
      } catch let error as ApplianceError
        where [.linkClosed, ApplianceError.Code("timeline.lease-lost")].contains(error.code)
      {
        throw error
      } catch {
        failures += 1
        try await Task.sleep(for: .seconds(min(30, 1 << min(failures, 5))))
      }
    }
  }

  private func sleep(_ seconds: Int) async {
    // `try?`: a cancelled pause only ends early.
    try? await Task.sleep(for: .seconds(min(max(0, seconds), 900)))
  }

  private func note(_ failure: DeliveryFailure, _ what: Logger.Message) {
    logger.warning(
      what,
      metadata: [
        "channel": "\(name)", "class": "\(failure.class.rawValue)", "error": "\(failure.message)",
      ])
  }
}
