// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Supervision
import Synchronization

/// A model that answers only when it is told to.
actor SlowModel {
  private var asked: [MessageID: (work: Work, answer: CheckedContinuation<Void, Never>)] = [:]
  private var ended = 0
  private var watch: (asked: Int, ended: Int, reached: CheckedContinuation<Void, Never>)?
  /// The most that asked at once.
  private(set) var peak = 0

  /// Returns when the answer is there.
  func answer(_ work: Work) async {
    await withCheckedContinuation { continuation in
      asked[work.id] = (work, continuation)
      peak = max(peak, asked.count)
      look()
    }
  }

  /// A turn is over, and stored.
  func end() {
    ended += 1
    look()
  }

  /// - Returns: Who asks, once so many do and so many turns are over.
  func works(asking count: Int, ended: Int) async -> [Work] {
    await withCheckedContinuation { continuation in
      watch = (count, ended, continuation)
      look()
    }
    return asked.values.map(\.work)
  }

  func release(_ works: [Work]) {
    for work in works { asked.removeValue(forKey: work.id)?.answer.resume() }
  }

  private func look() {
    guard let watch, watch.asked == asked.count, watch.ended == ended else { return }
    self.watch = nil
    watch.reached.resume()
  }
}

/// Signals that were handed out, and whether anybody still keeps one.
final class SignalWatch: Sendable {
  // Weak references are not Sendable by themselves; the mutex guards these.
  private struct Entry { weak var signal: WakeSignal? }
  private let entries = Mutex<[Entry]>([])

  func note(_ signal: WakeSignal) { entries.withLock { $0.append(Entry(signal: signal)) } }

  var noted: Int { entries.withLock { $0.count } }

  var alive: Int { entries.withLock { $0.count { $0.signal != nil } } }
}
