// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import FoundationEssentials
import Reconciliation
import Synchronization
import Testing

@testable import Daemon

/// Who looks after a deed sees what holds after it.
struct SharedPlanTests {
  /// A plan whose making is waited for. Plans count by their kind: the first one says `noChange`.
  private final class Maker: Sendable {
    private let count = Mutex(0)
    let begun = AsyncStream.makeStream(of: Void.self)
    let gate = AsyncStream.makeStream(of: Void.self)

    var made: Int { count.withLock { $0 } }

    func make() async -> PassOutcome {
      let isFirst = count.withLock { count in
        defer { count += 1 }
        return count == 0
      }
      if isFirst {
        begun.continuation.finish()
        for await _ in gate.stream {}
      }
      return PassOutcome(isFirst ? .noChange : .applied)
    }
  }

  private func run(deed: Bool) async -> (kinds: [PassOutcome.Kind], made: Int) {
    let (plans, maker) = (SharedPlan(), Maker())
    let now = Date()
    async let first = plans.newest(now) { await maker.make() }
    for await _ in maker.begun.stream {}
    if deed { await plans.forget() }
    async let second = plans.newest(now) { await maker.make() }
    maker.gate.continuation.finish()
    let kinds = await [first.kind, second.kind]
    return (kinds, maker.made)
  }

  @Test("all who look at once see one plan")
  func shared() async {
    let run = await run(deed: false)
    #expect(run.kinds == [.noChange, .noChange] && run.made == 1)
  }

  @Test("a plan that was begun before a deed is shown to nobody who looks after it")
  func stale() async {
    let run = await run(deed: true)
    #expect(run.kinds == [.noChange, .applied] && run.made == 2)
  }
}
