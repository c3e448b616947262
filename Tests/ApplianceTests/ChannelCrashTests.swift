// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Synchronization
import TestSupport
import Testing

/// Channels under load while processes are killed: nothing is lost, nothing is processed twice.
@Suite(.timeLimit(.minutes(90)))
struct ChannelCrashTests {
  /// Seconds; `KAFCLAW_CHANNEL_LOAD` for longer ones.
  private static let duration =
    ProcessInfo.processInfo.environment["KAFCLAW_CHANNEL_LOAD"].flatMap { Int($0) } ?? 30
  /// Messages a second.
  private static let rate = 50

  private static let limits = """
    senders: {limits: {messagesPerMinute: 1000000, burst: 1000000, queued: 100000}}

    """

  /// Sends as a platform does: again and again until it is taken.
  private func deliver(_ number: Int, to bench: ChannelBench) async throws {
    while !Task.isCancelled {
      do {
        let status: UInt
        if number.isMultiple(of: 2) {
          let body =
            #"{"sender":"builder","message":"hook \#(number) end","room":"r\#(number % 16)","mention":true}"#
          status = try await bench.hook(body, id: "evt-\(number)").status
        } else {
          let channel = "C0R\(number % 16)"
          status = try await bench.slack(
            ChannelBench.slackMessage("slack \(number) end", ts: "9.\(number)", channel: channel)
          ).status
        }
        if status < 300 { return }
        try #require(status >= 500, "a message was refused with \(status)")
      } catch let error as ExpectationFailedError {
        throw error
      } catch {
        // No connection: the gateway is being killed.
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  /// Kills one process after the other, for as long as messages come.
  private func kill(_ bench: ChannelBench, until end: Date, _ random: inout SplitMix64) async throws
    -> Int
  {
    var kills = 0
    while Date() < end {
      try await Task.sleep(for: .milliseconds(Int.random(in: 500...2_500, using: &random)))
      guard let status = try? bench.appliance.status() else { continue }
      switch Int.random(in: 0..<5, using: &random) {
      case 0:
        bench.appliance.killSupervisor()
        try bench.appliance.start(environment: bench.environment)
      case 1, 2: if let pid = status.pid("agent") { Foundation.kill(pid_t(pid), SIGKILL) }
      default: if let pid = status.pid("gateway") { Foundation.kill(pid_t(pid), SIGKILL) }
      }
      kills += 1
    }
    return kills
  }

  @Test("killed processes lose no message, and process none twice")
  func kills() async throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("ChannelCrashTests.kills: KAFCLAW_TEST_SEED=\(seed)")
    let bench = try await ChannelBench("kills", more: "")
    let all = ChannelBench.channels(bench.platforms.url)
    let yaml = RunningAppliance.yaml(
      port: bench.appliance.port, dashboardPort: bench.appliance.dashboardPort)
    try bench.appliance.repository.commit([
      "kafclaw.yaml": yaml.replacing("channels:\n", with: "channels:\n" + all)
        .replacing("allow: [builder]", with: "allow: [builder], groupPolicy: open")
        .replacing("requireMention: false}", with: "requireMention: false, groupPolicy: open}")
        + Self.limits
    ])
    try await bench.start()
    let end = Date(timeIntervalSinceNow: Double(Self.duration))
    let count = Self.duration * Self.rate
    let kills = try await withThrowingTaskGroup(of: Int.self) { group in
      group.addTask {
        var random = SplitMix64(seed: seed)
        return try await self.kill(bench, until: end, &random)
      }
      group.addTask {
        try await withThrowingDiscardingTaskGroup { messages in
          for number in 0..<count {
            messages.addTask {
              try await self.deliver(number, to: bench)
            }
            try await Task.sleep(for: .milliseconds(1_000 / Self.rate))
          }
        }
        return 0
      }
      return try await group.reduce(0, +)
    }
    let hooks = (count + 1) / 2
    let sent = try await settled(bench, hooks: hooks, slack: count - hooks)
    // One key for each text: a message that was processed twice would have two.
    let keys = Dictionary(grouping: sent.filter { $0.platform == "webhook" }, by: \.text)
    #expect(keys.count == hooks)
    #expect(keys.allSatisfy { Set($1.compactMap(\.key)).count == 1 })
    print("ChannelCrashTests.kills: \(count) messages, \(kills) kills, \(sent.count) texts sent")
  }

  private func settled(
    _ bench: ChannelBench, hooks: Int, slack: Int
  ) async throws -> [ChatPlatforms.Sent] {
    var sent: [ChatPlatforms.Sent] = []
    while !Task.isCancelled {
      sent = try await bench.platforms.sent()
      let texts = Dictionary(grouping: sent, by: \.platform).mapValues { Set($0.map(\.text)).count }
      if texts["webhook"] == hooks, texts["slack"] == slack { return sent }
      // The list of a long run is long.
      try await Task.sleep(for: .seconds(Self.duration > 60 ? 10 : 1))
    }
    return sent
  }
}
