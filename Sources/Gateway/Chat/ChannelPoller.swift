// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import ControlAPI
import Logging
import Synchronization

/// Asks a platform for what is new, and joins rooms.
final class ChannelPoller: Sendable {
  private struct State {
    var failure: DeliveryFailure?
    /// The platform does not know the place where the last poll ended.
    var isCursorLost = false
    /// Rooms that could not be joined yet.
    var invitations: [ChannelPoll.Invitation] = []
  }

  private let channel: any PollingChannel
  private let screen: ChannelScreen
  private let link: ComponentLink
  private let lifetime: ChannelLifetime
  private let logger: Logger
  private let state = Mutex(State())

  init(
    _ channel: any PollingChannel, _ screen: ChannelScreen, _ link: ComponentLink,
    _ lifetime: ChannelLifetime, _ logger: Logger
  ) {
    (self.channel, self.screen, self.link) = (channel, screen, link)
    (self.lifetime, self.logger) = (lifetime, logger)
  }

  private var name: String { channel.route.name }

  /// What came of the last poll.
  var failure: DeliveryFailure? { state.withLock { $0.failure } }

  /// Asks for what is new; the cursor moves in the transaction that stores it.
  func run() async {
    await lifetime.awaitProof()
    var failures = 0
    while !lifetime.isStopping {
      do {
        try await poll()
        failures = 0
        state.withLock { $0.failure = nil }
      } catch let error as DeliveryFailure {
        guard !lifetime.isStopping else { return }
        let failure = screen.screened(error)
        failures += 1
        logger.note(failure, "cannot poll", name)
        state.withLock { $0.failure = failure }
        let least = failure.class == .unauthorized ? 60 : 1
        await lifetime.pause(
          seconds: max(least, failure.retryAfter ?? 0, min(60, 1 << min(failures, 6))))
      } catch {
        // The supervisor could not store it: the platform still has it.
        guard !lifetime.isStopping else { return }
        failures += 1
        logger.error("cannot store what arrived", metadata: ["channel": "\(name)"])
        state.withLock { state in
          state.failure = DeliveryFailure(.transient, "what arrives cannot be stored")
        }
        await lifetime.pause(seconds: min(30, 1 << min(failures, 5)))
      }
    }
  }

  private func poll() async throws {
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
    await answer(poll.invitations)
    // A server that answers at once with nothing is not asked without end.
    guard !poll.messages.isEmpty || poll.cursor != cursor else {
      return await lifetime.pause(seconds: 1)
    }
    try await store(poll)
  }

  /// A cursor of another account says nothing about this one.
  private func ownCursor(_ stored: String?) -> String? {
    guard let stored, !state.withLock({ $0.isCursorLost }), let identity = channel.identity,
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
            cursor: rest.isEmpty ? "\(channel.identity ?? "")\n\(poll.cursor)" : nil)))
    } while !rest.isEmpty
  }

  /// Those that could not be joined are tried again with the next poll.
  private func answer(_ new: [ChannelPoll.Invitation]) async {
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
        logger.note(screen.screened(failure), "cannot join a room", name)
        if failure.class != .refused { state.withLock { $0.invitations.append(invitation) } }
      } catch {
        state.withLock { $0.invitations.append(invitation) }
      }
    }
  }
}
