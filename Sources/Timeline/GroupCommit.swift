// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB
import Synchronization

/// Collects changes of many callers into one transaction, because the flush is what costs.
///
/// One thread writes. While it waits for the disk, callers queue up; the next transaction takes
/// all of them, each in a savepoint of its own, so that one failing change undoes only itself.
final class GroupCommit: Sendable {
  private struct Change: Sendable {
    let body: @Sendable (Database) throws -> Void
    /// Called after the commit, or with what prevented it.
    let finish: @Sendable ((any Error)?) -> Void
  }

  private struct State {
    var queue: [Change] = []
    var isStopped = false
    /// Whether the newest transaction could not be committed.
    var hasFailed = false
  }

  /// The most changes in one transaction.
  private static let batchLimit = 256

  private let pool: DatabasePool
  /// Called on the writing thread after a transaction that was undone, before anybody is told.
  private let onRollback: @Sendable () -> Void
  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(pool: DatabasePool, onRollback: @escaping @Sendable () -> Void = {}) {
    (self.pool, self.onRollback) = (pool, onRollback)
    let thread = Thread { [self] in run() }
    thread.name = "timeline-writer"
    thread.start()
  }

  /// Runs `body` inside the next transaction; returns its value when that is durable.
  func perform<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    let outcome = Mutex<Value?>(nil)
    try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<Void, any Error>) in
      let change = Change(
        body: { db in
          let value = try body(db)
          outcome.withLock { $0 = value }
        },
        finish: { error in
          if let error { continuation.resume(throwing: error) } else { continuation.resume() }
        })
      enqueue(change)
    }
    guard let value = outcome.withLock({ $0 }) else {
      throw ApplianceError(.inconsistent, "a committed change has no value")
    }
    return value
  }

  var hasFailed: Bool { state.withLock { $0.hasFailed } }

  /// Ends the thread after the changes that are queued; later changes are refused.
  func stop() {
    let wasStopped = state.withLock { state in
      defer { state.isStopped = true }
      return state.isStopped
    }
    guard !wasStopped else { return }
    signal.signal()
    ended.wait()
  }

  private func enqueue(_ change: Change) {
    let isAccepted = state.withLock { state in
      if !state.isStopped { state.queue.append(change) }
      return !state.isStopped
    }
    if isAccepted {
      signal.signal()
    } else {
      change.finish(ApplianceError(.timelineFailed, "the timeline is closed"))
    }
  }

  private func run() {
    while true {
      signal.wait()
      let (batch, isStopped) = state.withLock { state in
        let batch = Array(state.queue.prefix(Self.batchLimit))
        state.queue.removeFirst(batch.count)
        return (batch, state.isStopped)
      }
      if !batch.isEmpty { commit(batch) }
      if batch.isEmpty && isStopped { break }
      if isStopped { signal.signal() }
    }
    ended.signal()
  }

  private func commit(_ batch: [Change]) {
    var hasFailed = false
    var failures = [(any Error)?](repeating: nil, count: batch.count)
    do {
      try pool.write { db in
        for (index, change) in batch.enumerated() {
          do {
            try db.inSavepoint {
              try change.body(db)
              return .commit
            }
          } catch {
            failures[index] = error
          }
        }
      }
    } catch {
      failures = failures.map { $0 ?? error }
      hasFailed = true
      onRollback()
    }
    state.withLock { $0.hasFailed = hasFailed }
    for (change, failure) in zip(batch, failures) {
      change.finish((failure as? DatabaseError).map(TimelineStore.failure) ?? failure)
    }
  }
}
