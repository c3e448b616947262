// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Synchronization
import Testing

@testable import Gateway

/// Listeners that move while requests come in.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ListenerTests {
  @Test func newPortServesAndTheOldOneCloses() async throws {
    try await RunningGateway.run { gateway in
      let port = try Port.free()
      let report = try await gateway.configure(port: port)
      #expect(report.isReady)
      let moved = try await gateway.chat(port: port)
      #expect(moved.status == 200)
      let dashboard = try await gateway.get("/healthz", port: gateway.dashboard)
      #expect(dashboard.status == 200)
      await Port.waitUntilClosed(gateway.port)
    }
  }

  @Test func unchangedListenersStayAsTheyAre() async throws {
    try await RunningGateway.run { gateway in
      for _ in 1...20 { try await gateway.configure() }
      let reply = try await gateway.chat()
      #expect(reply.status == 200)
    }
  }

  /// Where the gateway is, and where it is about to be.
  private final class Directory: Sendable {
    struct Entry: Sendable, Equatable {
      var old: Int
      var new: Int
    }

    private let state: Mutex<Entry?>

    init(_ port: Int) { state = Mutex(Entry(old: port, new: port)) }

    /// `nil` when nobody is to ask any more.
    var entry: Entry? { state.withLock { $0 } }

    func announce(_ port: Int) {
      state.withLock { entry in entry = entry.map { Entry(old: $0.new, new: port) } }
    }

    func close() { state.withLock { $0 = nil } }
  }

  /// Asks at the old port, and where that is closed, at the new one, which must be open by then.
  private func ask(_ gateway: RunningGateway, _ directory: Directory) async throws -> Int {
    var answers = 0
    while let entry = directory.entry {
      do {
        _ = try await gateway.get("/healthz", port: entry.old)
        answers += 1
      } catch {
        do {
          _ = try await gateway.get("/healthz", port: entry.new)
          answers += 1
        } catch {
          #expect(directory.entry != entry, "neither port answers: \(error)")
        }
      }
    }
    return answers
  }

  @Test func moveHasNoGap() async throws {
    try await RunningGateway.run { gateway in
      let directory = Directory(gateway.port)
      async let first = ask(gateway, directory)
      async let second = ask(gateway, directory)
      for port in try Port.free(6) {
        directory.announce(port)
        try await gateway.configure(port: port)
      }
      directory.close()
      let answers = try await (first, second)
      #expect(answers.0 + answers.1 > 0)
    }
  }

  @Test func requestThatWasBegunIsAnsweredOnTheOldPort() async throws {
    try await RunningGateway.run { gateway in
      gateway.supervisor.hold()
      async let begun = gateway.chat()
      await gateway.supervisor.waitForHeld(1)
      let port = try Port.free()
      try await gateway.configure(port: port)
      let health = try await gateway.get("/healthz", port: port)
      #expect(health.status == 200)
      gateway.supervisor.release()
      let reply = try await begun
      #expect(reply.status == 200)
      let value = try reply.json()
      #expect(value["reply"] == "hi")
    }
  }

  @Test func moveToATakenPortKeepsWhatWas() async throws {
    try await RunningGateway.run { gateway in
      let before = try await gateway.report()
      let taken = try Port.Holder()
      let free = try Port.free()
      for (port, dashboard) in [(taken.port, gateway.dashboard), (free, taken.port)] {
        let error = await #expect(throws: ApplianceError.self) {
          try await gateway.configure(port: port, dashboard: dashboard)
        }
        #expect(error?.code == .addressInUse)
        #expect(error?.message.contains("\(taken.port)") == true)
        #expect(error?.hint != nil)
        let after = try await gateway.report()
        #expect(after == before)
        let chat = try await gateway.chat()
        #expect(chat.status == 200)
        let status = try await gateway.get("/api/v1/status", port: gateway.dashboard)
        #expect(status.status == 200)
      }
      await Port.waitUntilClosed(free)
    }
  }

  @Test func listenersCanSwapTheirPorts() async throws {
    try await RunningGateway.run { gateway in
      for _ in 1...2 {
        try await gateway.configure(port: gateway.dashboard, dashboard: gateway.port)
        let chat = try await gateway.chat(port: gateway.dashboard)
        #expect(chat.status == 200)
        let status = try await gateway.get("/api/v1/status", port: gateway.port)
        #expect(status.status == 200)
        let report = try await gateway.configure()
        #expect(report.isReady)
        let back = try await gateway.chat()
        #expect(back.status == 200)
      }
    }
  }

  /// The API takes the dashboard's port, the dashboard another one that is taken: all as before.
  @Test func swapThatFailsHalfwayKeepsWhatWas() async throws {
    try await RunningGateway.run { gateway in
      let before = try await gateway.report()
      let taken = try Port.Holder()
      await #expect(throws: ApplianceError.self) {
        try await gateway.configure(port: gateway.dashboard, dashboard: taken.port)
      }
      let chat = try await gateway.chat()
      #expect(chat.status == 200)
      let status = try await gateway.get("/api/v1/status", port: gateway.dashboard)
      #expect(status.status == 200)
      let after = try await gateway.report()
      #expect(after == before)
    }
  }

  @Test func hostCanChangeOnTheSamePorts() async throws {
    try await RunningGateway.run { gateway in
      let report = try await gateway.configure(host: "0.0.0.0")
      #expect(report.isReady)
      let named = try await gateway.chat(headers: [("Host", "claw.example")])
      #expect(named.status == 200)
      try await gateway.configure()
      let refused = try await gateway.chat(headers: [("Host", "claw.example")])
      #expect(refused.status == 421)
    }
  }
}
