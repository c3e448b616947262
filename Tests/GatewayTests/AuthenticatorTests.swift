// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Gateway

/// Tokens that end and networks that are locked out, while time passes.
@Suite(.timeLimit(.minutes(2)))
struct AuthenticatorTests {
  private typealias Bench = AuthenticatorBench

  private static let bot = Holder(name: "bot", token: "bot-token")
  private static let probe = Holder(name: "probe", token: "probe-token", scopes: [.scrape])
  private static let others = SourceNetwork("2001:db8::1")

  private func later(_ seconds: TimeInterval) -> Date { Bench.start.addingTimeInterval(seconds) }

  @Test func aTokenEndsWithoutANewConfiguration() async throws {
    var ending = Self.bot
    ending.until = later(60)
    try await Bench.run([ending]) { bench in
      try await bench.expect(.granted("bot"), for: "Bearer bot-token", at: 59)
      try await bench.expect(.unauthorized, for: "Bearer bot-token", at: 60)
      try await bench.expect(.unauthorized, for: "Bearer bot-token", at: 9_000)
      #expect(bench.supervisor.logins == [.init(client: "bot", network: "203.0.113.7")])
      #expect(bench.supervisor.failedLogins.count == 2)
    }
  }

  @Test func withoutCredentialsNobodyIsLetIn() async throws {
    try await Bench.run(nil) { bench in
      for authorization in [nil, "Bearer bot-token", "Basic x"] {
        try await bench.expect(.unavailable, for: authorization)
      }
      #expect(bench.supervisor.failedLogins == [])
    }
  }

  @Test func failuresAreToldWithTheirNetworkAndPath() async throws {
    try await Bench.run([Self.bot]) { bench in
      for authorization in ["Bearer x", "Basic bot-token", "Bearer", "bot-token", ""] {
        try await bench.expect(.unauthorized, for: authorization)
      }
      try await bench.expect(.unauthorized, for: "Bearer x", from: Self.others)
      try await bench.expect(.unauthorized, for: nil)
      let told = bench.supervisor.failedLogins
      #expect(
        told.map(\.network) == Array(repeating: "203.0.113.7", count: 5) + ["2001:db8:0:0::/64"])
      #expect(Set(told.map(\.path)) == ["/chat"])
    }
  }

  // MARK: Lock-outs

  @Test func aLockedNetworkWaitsToTheEnd() async throws {
    try await Bench.run([Self.bot]) { bench in
      bench.supervisor.lock(until: later(60))
      try await bench.expect(.locked(60), for: "Bearer x")
      bench.supervisor.lock(until: nil)
      for (seconds, wait) in [(0.0, 60), (1, 59), (58.5, 2), (59, 1), (59.9, 1)] {
        for authorization in ["Bearer x", "Bearer bot-token", "Basic y", ""] {
          try await bench.expect(.locked(wait), for: authorization, at: seconds)
        }
      }
      #expect(bench.supervisor.failedLogins.count == 1 && bench.supervisor.logins == [])
      try await bench.expect(.unauthorized, for: "Bearer x", at: 60)
      try await bench.expect(.granted("bot"), for: "Bearer bot-token", at: 60)
    }
  }

  @Test func otherNetworksAreNotLocked() async throws {
    try await Bench.run([Self.bot]) { bench in
      bench.supervisor.lock(until: later(60))
      try await bench.expect(.locked(60), for: "Bearer x")
      try await bench.expect(.granted("bot"), for: "Bearer bot-token", from: Self.others)
      bench.supervisor.lock(until: nil)
      try await bench.expect(.unauthorized, for: "Bearer x", from: Self.others)
    }
  }

  @Test func whoAuthenticatedFromThereBeforeStillPasses() async throws {
    try await Bench.run([Self.bot, Self.probe]) { bench in
      try await bench.expect(.granted("bot"), for: "Bearer bot-token")
      try await bench.expect(
        .granted("probe"), for: "Bearer probe-token", from: Self.others, .scrape)
      bench.supervisor.lock(until: later(60))
      try await bench.expect(.locked(60), for: "Bearer x")
      try await bench.expect(.granted("bot"), for: "Bearer bot-token")
      // Elsewhere is not here.
      try await bench.expect(.locked(60), for: "Bearer probe-token", .scrape)
      #expect(bench.supervisor.logins.count == 2)
    }
  }

  /// What this gateway did not see itself, the supervisor remembers.
  @Test func whoAuthenticatedFromThereBeforeThisGatewayStartedPasses() async throws {
    try await Bench.run([Self.bot, Self.probe]) { bench in
      bench.supervisor.lock(until: later(60), clients: ["probe", "somebody"])
      try await bench.expect(.locked(60), for: "Bearer x")
      try await bench.expect(.granted("probe"), for: "Bearer probe-token", .scrape)
      try await bench.expect(.locked(60), for: "Bearer bot-token")
      #expect(bench.supervisor.logins == [])
    }
  }

  /// Whoever guesses on the host must not lock its operator out; that token never leaves it.
  @Test func theOperatorIsNeverLockedOut() async throws {
    try await Bench.run([.local, Self.bot]) { bench in
      bench.supervisor.lock(until: later(60))
      try await bench.expect(.locked(60), for: "Bearer x")
      try await bench.expect(.granted("operator"), for: "Bearer operator-token", .operate)
      try await bench.expect(.locked(60), for: "Bearer operator-tokem")
      #expect(bench.supervisor.logins.map(\.client) == ["operator"])
    }
  }

  /// Another client with the token of before: it is the client that is known.
  @Test func aRotatedTokenOfAKnownClientPasses() async throws {
    try await Bench.run([Self.bot]) { bench in
      try await bench.expect(.granted("bot"), for: "Bearer bot-token")
      bench.use(.of([Holder(name: "bot", token: "next-token")]))
      bench.supervisor.lock(until: later(60))
      try await bench.expect(.locked(60), for: "Bearer bot-token")
      try await bench.expect(.granted("bot"), for: "Bearer next-token")
    }
  }

  @Test func aFailureThatCannotBeCountedMakesItsNetworkWait() async throws {
    try await Bench.run([Self.bot]) { bench in
      bench.supervisor.failAuthentications(
        with: ApplianceError(.init("timeline.failed"), "the disk is full"))
      try await bench.expect(.unavailable, for: "Bearer x")
      bench.supervisor.failAuthentications(with: nil)
      try await bench.expect(.locked(9), for: "Bearer x", at: 1)
      try await bench.expect(.locked(1), for: "Bearer bot-token", at: 9)
      try await bench.expect(.granted("bot"), for: "Bearer bot-token", from: Self.others, at: 1)
      #expect(bench.supervisor.failedLogins == [])
      try await bench.expect(.unauthorized, for: "Bearer x", at: 10)
    }
  }

  /// A gateway that started yesterday must not refuse everybody until tomorrow.
  @Test func aClockThatWasSetBackProlongsNoLock() async throws {
    try await Bench.run([Self.bot]) { bench in
      bench.supervisor.lock(until: later(600))
      try await bench.expect(.locked(600), for: "Bearer x")
      bench.supervisor.lock(until: nil)
      try await bench.expect(.granted("bot"), for: "Bearer bot-token", at: -86_400)
    }
  }

  // MARK: Logins

  @Test func aLoginIsToldOnceForClientAndNetwork() async throws {
    try await Bench.run([Self.bot, Self.probe]) { bench in
      for _ in 1...3 {
        try await bench.expect(.granted("bot"), for: "Bearer bot-token")
        try await bench.expect(.granted("probe"), for: "Bearer probe-token", .scrape)
        try await bench.expect(.granted("bot"), for: "Bearer bot-token", from: Self.others)
      }
      #expect(
        bench.supervisor.logins == [
          .init(client: "bot", network: "203.0.113.7"),
          .init(client: "probe", network: "203.0.113.7"),
          .init(client: "bot", network: "2001:db8:0:0::/64"),
        ])
    }
  }

  @Test func aMissingScopeIsNoFailedLogin() async throws {
    try await Bench.run([Self.bot]) { bench in
      for scope in [TokenScope.operate, .scrape] {
        try await bench.expect(.forbidden, for: "Bearer bot-token", scope)
      }
      #expect(bench.supervisor.failedLogins == [] && bench.supervisor.logins.count == 1)
    }
  }
}
