// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import ControlAPI
import Logging
import Supervision
import Synchronization

/// Sends a channel's texts.
final class ChannelSender: Sendable {
  /// Texts that are sent at the same time.
  private static let atOnce = 8
  /// How long one request for texts waits. Milliseconds.
  private static let wait = 20_000

  private let adapter: any ChannelAdapter
  private let screen: ChannelScreen
  private let link: ComponentLink
  private let lifetime: ChannelLifetime
  private let logger: Logger
  private let sending = Mutex(0)
  /// Rung when a text less is being sent.
  private let slots = WakeSignal()

  init(
    _ adapter: any ChannelAdapter, _ screen: ChannelScreen, _ link: ComponentLink,
    _ lifetime: ChannelLifetime, _ logger: Logger
  ) {
    (self.adapter, self.screen, self.link) = (adapter, screen, link)
    (self.lifetime, self.logger) = (lifetime, logger)
  }

  private var name: String { adapter.route.name }

  /// Sends what is due. A text is leased only when it is sent at once.
  func run() async {
    await withDiscardingTaskGroup { group in
      while !lifetime.isStopping {
        await lifetime.untilStopped { await self.awaitWork() }
        guard !lifetime.isStopping else { return }
        let free = Self.atOnce - sending.withLock { $0 }
        guard free > 0 else { continue }
        do {
          guard
            case .deliveries(let deliveries) = try await link.call(
              .leaseDeliveries(channel: name, limit: free))
          else { continue }
          sending.withLock { $0 += deliveries.count }
          for delivery in deliveries {
            group.addTask {
              await self.send(delivery)
              self.sending.withLock { $0 -= 1 }
              self.slots.ring()
            }
          }
        } catch {
          await lifetime.pause(seconds: 1)
        }
      }
    }
  }

  /// Returns when there may be a text, and room to send it.
  private func awaitWork() async {
    await lifetime.awaitProof()
    while !lifetime.isStopping {
      let seen = slots.generation
      if sending.withLock({ $0 < Self.atOnce }) { break }
      await slots.wait(after: seen, for: nil)
    }
    do {
      _ = try await link.call(.awaitDelivery(channel: name, wait: Self.wait))
    } catch {
      await lifetime.pause(seconds: 1)
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
      } catch let error as DeliveryFailure {
        let failure = screen.screened(error)
        logger.note(failure, "cannot send", name)
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
    return .sent(platformID: screen.screened(id: last))
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
}
