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
  /// Between two looks at a platform that is fine. Seconds.
  private static let proofInterval = 300

  let adapter: any ChannelAdapter
  private let screen: ChannelScreen
  private let lifetime = ChannelLifetime()
  private let poller: ChannelPoller?
  private let sender: ChannelSender
  private let logger: Logger
  /// What came of the last look.
  private let failure = Mutex<DeliveryFailure?>(nil)

  init(
    _ adapter: any ChannelAdapter, _ screen: ChannelScreen, _ link: ComponentLink, _ logger: Logger
  ) {
    (self.adapter, self.screen, self.logger) = (adapter, screen, logger)
    poller = (adapter as? any PollingChannel).map { [lifetime] channel in
      ChannelPoller(channel, screen, link, lifetime, logger)
    }
    sender = ChannelSender(adapter, screen, link, lifetime, logger)
  }

  var report: ChannelReport {
    let isProven = lifetime.isProven
    let failure = failure.withLock { $0 } ?? poller?.failure
    return ChannelReport(
      name: adapter.route.name, isHealthy: isProven && failure == nil, isProven: isProven,
      isFinal: failure?.class == .unauthorized || failure?.class == .refused,
      message: failure?.message ?? screen.screened(remark: adapter.remark))
  }

  /// Runs until ``stop()``. What is being sent then is sent to its end.
  func run() async {
    await withTaskGroup { group in
      group.addTask { await self.lifetime.untilStopped { await self.prove() } }
      if let poller = self.poller {
        group.addTask { await self.lifetime.untilStopped { await poller.run() } }
      }
      group.addTask { await self.sender.run() }
      await group.waitForAll()
    }
  }

  func stop() { lifetime.stop() }

  /// Looks at the account again and again: a token that was taken back is to be seen before somebody
  /// misses an answer.
  private func prove() async {
    var failures = 0
    while !lifetime.isStopping {
      failures = await look() ? 0 : failures + 1
      guard failures > 0 else {
        await lifetime.pause(seconds: Self.proofInterval)
        continue
      }
      let asked = failure.withLock { $0?.retryAfter } ?? 0
      await lifetime.pause(seconds: max(min(60, 1 << min(failures, 6)), asked))
    }
  }

  /// Asks the platform whether it knows the account; the report says what came of it.
  @discardableResult
  func look() async -> Bool {
    do {
      try await adapter.prove()
      failure.withLock { $0 = nil }
      lifetime.prove()
      return true
    } catch {
      guard !lifetime.isStopping else { return false }
      let screened = screen.screened(error)
      logger.note(screened, "cannot use the channel", adapter.route.name)
      failure.withLock { $0 = screened }
      return false
    }
  }
}

extension Logger {
  func note(_ failure: DeliveryFailure, _ what: Message, _ channel: String) {
    warning(
      what,
      metadata: [
        "channel": "\(channel)", "class": "\(failure.class.rawValue)",
        "error": "\(failure.message)",
      ])
  }
}
