// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Foundation
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Supervision

/// Components that run and do not answer, and those that another one takes the place of.
@Suite(.timeLimit(.minutes(1)))
struct SilentComponentTests {
  private static let configuration = ComponentConfiguration(
    digest: Digest(sha256: [UInt8](repeating: 7, count: 32)), settings: ["a": 1])

  private static func supervisor(
    _ starter: PretendStarter, _ ends: Ends
  ) -> ComponentSupervisor {
    var patience = SilencePatience()
    // Long enough for a host that does much else.
    (patience.pause, patience.misses) = (.milliseconds(500), 4)
    return ComponentSupervisor(
      .agent, starter: starter, logger: Logger(label: "test"),
      handler: { _, _ in throw ApplianceError(.inconsistent, "nothing is asked") },
      patience: patience
    ) { _, exit, wasOrdered in ends.add(exit, wasOrdered) }
  }

  @Test("one that does not answer is killed and started again; one that answers is left alone")
  func silent() async throws {
    let (starter, ends) = (PretendStarter(), Ends())
    let supervisor = Self.supervisor(starter, ends)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await supervisor.run() }
      _ = try await supervisor.configure(Self.configuration)
      let first = try #require(await supervisor.status.pid)
      // It answers for a while.
      #expect(await eventually { (starter.newest?.answers ?? 0) > 3 })
      #expect(await supervisor.status.pid == first)
      starter.newest?.isSilent = true
      #expect(await eventually { ends.all.count == 1 })
      #expect(ends.all.first?.wasOrdered == false)
      #expect(
        await eventually {
          let status = await supervisor.status
          return status.health == .healthy && status.pid != first && status.restarts == 1
        })
      await supervisor.stop()
      try await group.waitForAll()
    }
  }

  @Test("one that another takes the place of has not failed")
  func replaced() async throws {
    let (starter, ends) = (PretendStarter(), Ends())
    let supervisor = Self.supervisor(starter, ends)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await supervisor.run() }
      _ = try await supervisor.configure(Self.configuration)
      let first = try #require(await supervisor.status.pid)
      starter.newest?.needsRestart = true
      let other = ComponentConfiguration(
        digest: Digest(sha256: [UInt8](repeating: 8, count: 32)), settings: ["a": 2])
      #expect(try await supervisor.configure(other).digest == other.digest)
      let status = await supervisor.status
      #expect(status.pid != first && status.restarts == 0 && status.health == .healthy)
      #expect(ends.all.map(\.wasOrdered) == [true])
      #expect(await !supervisor.isCrashLooping)
      await supervisor.stop()
      try await group.waitForAll()
    }
  }

  private final class Ends: Sendable {
    private let list = Mutex<[(exit: String, wasOrdered: Bool)]>([])
    var all: [(exit: String, wasOrdered: Bool)] { list.withLock { $0 } }
    func add(_ exit: String, _ wasOrdered: Bool) { list.withLock { $0.append((exit, wasOrdered)) } }
  }
}

/// Components within this process.
private final class PretendStarter: ComponentStarter {
  private let made = Mutex<[PretendComponent]>([])

  var newest: PretendComponent? { made.withLock { $0.last } }

  func start(folders _: @Sendable () async -> [String]) async throws -> any ComponentHandle {
    made.withLock { made in
      let component = PretendComponent(pid: Int32(1_000 + made.count))
      made.append(component)
      return component
    }
  }

  func cancel() {}
}

private final class PretendComponent: ComponentHandle {
  private struct State {
    var isSilent = false
    var needsRestart = false
    var answers = 0
    var digest: Digest?
    var hasEnded = false
  }

  let pid: Int32
  let socket: Int32
  private let link: ComponentLink
  private let state = Mutex(State())
  private let ended = WakeSignal()

  init(pid: Int32) {
    var ends: [Int32] = [-1, -1]
    precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    (self.pid, socket) = (pid, ends[0])
    link = ComponentLink(owning: ends[1], name: "pretended")
  }

  var answers: Int { state.withLock { $0.answers } }
  var isSilent: Bool {
    get { state.withLock { $0.isSilent } }
    set { state.withLock { $0.isSilent = newValue } }
  }
  var needsRestart: Bool {
    get { state.withLock { $0.needsRestart } }
    set { state.withLock { $0.needsRestart = newValue } }
  }

  func waitForExit() async -> String {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await self.link.run { try await self.answer($0) }
        self.kill()
      }
      while !state.withLock({ $0.hasEnded }) {
        let seen = ended.generation
        if state.withLock({ $0.hasEnded }) { break }
        await ended.wait(after: seen, for: nil)
      }
      link.close()
      await group.waitForAll()
    }
    return "ended"
  }

  func kill() {
    state.withLock { $0.hasEnded = true }
    ended.ring()
  }

  private func answer(_ order: SupervisorOrder) async throws -> SupervisorOrderReply {
    while isSilent { try await Task.sleep(for: .milliseconds(10)) }
    switch order {
    case .configure(let configuration):
      guard !needsRestart else { throw ApplianceError(.restartNeeded, "other folders") }
      return .report(
        state.withLock {
          $0.digest = configuration.digest
          return ComponentReport(
            digest: configuration.digest, settings: configuration.settings, isReady: true)
        })
    case .report:
      return .report(
        state.withLock {
          $0.answers += 1
          return ComponentReport(digest: $0.digest, settings: .null, isReady: true)
        })
    case .exit:
      kill()
      return .done
    default: throw ApplianceError(.malformed, "not pretended")
    }
  }
}
