// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

/// What gateway and agent gave up, they do not need under load either: a library of theirs watches
/// its threads once a second, and ends the process when it may not.
@Suite(.timeLimit(.minutes(3)))
struct ConfinedLoadTests {
  @Test("gateway and agent live through seconds of load")
  func load() async throws {
    let appliance = try RunningAppliance(name: "load")
    try await appliance.startReady()
    let before = try appliance.status()
    let clock = ContinuousClock()
    let end = clock.now + .seconds(5)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<24 {
        group.addTask {
          var answered = 0
          repeat {
            let text = number % 4 == 0 ? #"/call search_files {\"text\":\"a\"}"# : "hello"
            let answer = try await appliance.chat(text)
            answered += answer.status == 200 ? 1 : 0
          } while clock.now < end
          return answered
        }
      }
      var answered = 0
      for try await count in group { answered += count }
      #expect(answered >= 24)
    }
    let after = try appliance.status()
    for name in ["gateway", "agent"] { #expect(after.pid(name) == before.pid(name), "\(name)") }
    #expect(appliance.stop() == 0)
  }
}
