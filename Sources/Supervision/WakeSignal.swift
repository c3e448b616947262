// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Synchronization

/// Wakes whoever waits for something to change, without losing a change that came just before.
///
/// Read ``generation``, look at the state, and wait for a later generation.
public final class WakeSignal: Sendable {
  private struct State {
    var generation: UInt64 = 0
    var nextWaiter: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  public init() {}

  public var generation: UInt64 { state.withLock { $0.generation } }

  public func ring() {
    let waiters = state.withLock { state in
      state.generation += 1
      defer { state.waiters = [:] }
      return state.waiters.values.map { $0 }
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns after a ring later than `seen`, after `timeout`, or when the task is cancelled.
  public func wait(after seen: UInt64, for timeout: Duration?) async {
    guard let timeout else { return await waitForRing(after: seen) }
    await withTaskGroup { group in
      group.addTask { await self.waitForRing(after: seen) }
      // `try?`: a cancelled sleep is the signal having rung.
      group.addTask { try? await Task.sleep(for: timeout) }
      await group.next()
      group.cancelAll()
    }
  }

  private func waitForRing(after seen: UInt64) async {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = state.withLock { state in
          guard state.generation == seen, !Task.isCancelled else { return false }
          state.waiters[number] = continuation
          return true
        }
        if !isWaiting { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
  }
}
