// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Supervision
import Synchronization

/// What lets a channel's work begin, and what ends it.
final class ChannelLifetime: Sendable {
  private struct State {
    var isProven = false
    var isStopping = false
  }

  private let state = Mutex(State())
  private let changed = WakeSignal()

  /// Whether the platform knew the account once.
  var isProven: Bool { state.withLock { $0.isProven } }

  var isStopping: Bool { Task.isCancelled || state.withLock { $0.isStopping } }

  func prove() {
    state.withLock { $0.isProven = true }
    changed.ring()
  }

  func stop() {
    state.withLock { $0.isStopping = true }
    changed.ring()
  }

  /// Returns when the account is proven, or the channel is to stop.
  func awaitProof() async {
    while !isStopping {
      let seen = changed.generation
      if isProven || isStopping { return }
      await changed.wait(after: seen, for: nil)
    }
  }

  /// Runs `body`, and cancels it when the channel is to stop.
  func untilStopped(_ body: @escaping @Sendable () async -> Void) async {
    await withTaskGroup { group in
      group.addTask { await body() }
      group.addTask {
        while !self.isStopping {
          let seen = self.changed.generation
          if self.isStopping { break }
          await self.changed.wait(after: seen, for: nil)
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  /// A pause between two attempts; a quarter of an hour at most.
  func pause(seconds: Int) async {
    // `try?`: a cancelled pause only ends early.
    try? await Task.sleep(for: .seconds(min(max(0, seconds), 900)))
  }
}
