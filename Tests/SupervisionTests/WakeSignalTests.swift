// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Synchronization
import TestSupport
import Testing

@testable import Supervision

/// Waiting for something to change without losing a change. A lost one shows as the time limit.
@Suite(.timeLimit(.minutes(5)))
struct WakeSignalTests {
  @Test func ringBeforeTheWaitIsNotLost() async {
    let signal = WakeSignal()
    let seen = signal.generation
    signal.ring()
    await signal.wait(after: seen, for: nil)
    await signal.wait(after: seen, for: .seconds(3_600))
    #expect(signal.generation == seen + 1)
  }

  @Test func everyRingIsOneGeneration() async {
    let signal = WakeSignal()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<100 {
        group.addTask { for _ in 0..<100 { signal.ring() } }
      }
    }
    #expect(signal.generation == 10_000)
  }

  @Test func ringWakesEverybody() async {
    let signal = WakeSignal()
    let seen = signal.generation
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<500 {
        group.addTask {
          await signal.wait(after: seen, for: number.isMultiple(of: 2) ? nil : .seconds(3_600))
        }
      }
      group.addTask {
        await Task.yield()
        signal.ring()
      }
    }
  }

  /// Readers follow a number that writers raise. Each looks, waits for a later generation and looks
  /// again; one that missed the last ring would wait for ever.
  @Test(arguments: 1...5)
  func noChangeIsLostAmongManyTasks(round: Int) async {
    let seed = SplitMix64.seed(of: "wake signal, round \(round)")
    var random = SplitMix64(seed: seed)
    let (signal, value) = (WakeSignal(), Counter())
    let writers = (0..<20).map { _ in Int.random(in: 1...200, using: &random) }
    let yields = (0..<50).map { _ in Int.random(in: 0...3, using: &random) }
    let total = writers.reduce(0, +)
    await withTaskGroup(of: Void.self) { group in
      for yield in yields {
        group.addTask {
          while true {
            let seen = signal.generation
            if value.now == total { return }
            for _ in 0..<yield { await Task.yield() }
            await signal.wait(after: seen, for: yield == 0 ? .seconds(3_600) : nil)
          }
        }
      }
      for count in writers {
        group.addTask {
          for step in 0..<count {
            value.raise()
            signal.ring()
            if step.isMultiple(of: 7) { await Task.yield() }
          }
        }
      }
    }
    #expect(value.now == total)
  }

  /// Two tasks hand a token to and fro, with nothing else to wake them.
  @Test func everyTurnOfTwoTasksIsSeen() async {
    let (signal, turn) = (WakeSignal(), Counter())
    await withTaskGroup(of: Void.self) { group in
      for player in 0...1 {
        group.addTask {
          for _ in 0..<500 {
            while true {
              let seen = signal.generation
              if turn.now % 2 == player { break }
              await signal.wait(after: seen, for: nil)
            }
            turn.raise()
            signal.ring()
          }
        }
      }
    }
    #expect(turn.now == 1_000)
  }

  @Test(arguments: [nil, .seconds(3_600)] as [Duration?])
  func cancellationEndsTheWait(timeout: Duration?) async {
    let signal = WakeSignal()
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          for _ in 0..<(number % 5) { await Task.yield() }
          await signal.wait(after: signal.generation, for: timeout)
        }
      }
      await Task.yield()
      group.cancelAll()
    }
    #expect(signal.generation == 0)
  }

  @Test func cancelledTaskDoesNotWait() async {
    let signal = WakeSignal()
    await withTaskGroup(of: Void.self) { group in
      group.cancelAll()
      for _ in 0..<100 { group.addTask { await signal.wait(after: 0, for: nil) } }
    }
  }

  @Test func cancellingOneLeavesTheOthersWaiting() async {
    let (signal, woken) = (WakeSignal(), Counter())
    await withTaskGroup(of: Void.self) { outer in
      for _ in 0..<20 {
        outer.addTask {
          await signal.wait(after: 0, for: nil)
          woken.raise()
        }
      }
      await withTaskGroup(of: Void.self) { inner in
        for _ in 0..<20 { inner.addTask { await signal.wait(after: 0, for: nil) } }
        inner.cancelAll()
      }
      #expect(woken.now == 0)
      signal.ring()
    }
    #expect(woken.now == 20)
  }

  @Test func waitEndsAfterItsTime() async {
    let signal = WakeSignal()
    let start = ContinuousClock.now
    await signal.wait(after: signal.generation, for: .milliseconds(30))
    #expect(ContinuousClock.now - start >= .milliseconds(30))
    #expect(signal.generation == 0)
    await signal.wait(after: signal.generation, for: .zero)
  }

  /// A number that many tasks raise.
  private final class Counter: Sendable {
    private let value = Mutex(0)
    var now: Int { value.withLock { $0 } }
    func raise() { value.withLock { $0 += 1 } }
  }
}
