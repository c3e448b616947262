// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Gateway

/// Which of several credentials hold, over real connections.
@Suite(.timeLimit(.minutes(2)))
struct CredentialChangeTests {
  @Test func credentialsThatWereReadEarlierDoNotReplaceLaterOnes() async throws {
    try await RunningGateway.run(isConfigured: false) { gateway in
      let (old, new) = (Holder(name: "bot", token: "old"), Holder(name: "bot", token: "new"))
      func statuses(at port: Int) async throws -> [Int] {
        let replies = [
          try await gateway.chat(by: old.bearer, port: port),
          try await gateway.chat(by: new.bearer, port: port),
        ]
        return replies.map(\.status)
      }
      try await gateway.configure(credentials: .of([new], sequence: 5))
      try await gateway.configure(credentials: .of([old], sequence: 4))
      #expect(try await statuses(at: gateway.port) == [401, 200])
      // What else the configuration says holds all the same.
      let port = try Port.free()
      try await gateway.configure(port: port, credentials: .of([old], sequence: 0))
      #expect(try await statuses(at: port) == [401, 200])
      try await gateway.configure(port: port, credentials: .of([old], sequence: 6))
      #expect(try await statuses(at: port) == [200, 401])
      try await gateway.configure(port: port, credentials: .of([new], sequence: 6))
      #expect(try await statuses(at: port) == [401, 200])
    }
  }

  /// A revocation holds also when the rest of its configuration cannot.
  @Test func newCredentialsHoldEvenWhenTheListenersCannotMove() async throws {
    try await RunningGateway.run { gateway in
      let taken = try Port.Holder()
      let new = Holder(name: "bot", token: "new")
      let error = await #expect(throws: ApplianceError.self) {
        try await gateway.configure(port: taken.port, credentials: .of([new], sequence: 1))
      }
      #expect(error?.code == .addressInUse)
      expect(401, try await gateway.chat())
      expect(200, try await gateway.chat(by: new.bearer))
    }
  }

  /// What decides is who can authenticate now, and not what the configuration brought along.
  @Test func listeningForOthersNeedsATokenThatHolds() async throws {
    try await RunningGateway.run { gateway in
      try await gateway.configure(credentials: .of([.local], sequence: 2))
      var ended = Holder.shared
      ended.until = Date.soon(-60)
      for credentials in [
        GatewayCredentials.of([.local, .shared], sequence: 1),
        .of([.local, ended], sequence: 3),
      ] {
        let error = await #expect(throws: ApplianceError.self) {
          try await gateway.configure(host: "0.0.0.0", credentials: credentials)
        }
        #expect(error?.code == .exposedWithoutToken)
      }
    }
  }

  @Test func aTokenThatHasEndedIsRefused() async throws {
    try await RunningGateway.run { gateway in
      var (ended, lasting) = (
        Holder(name: "a", token: "ended"), Holder(name: "b", token: "lasting")
      )
      (ended.until, lasting.until) = (Date.soon(-1), Date.soon(3_600))
      try await gateway.configure(credentials: .of([ended, lasting]))
      expect(401, try await gateway.chat(by: ended.bearer))
      expect(200, try await gateway.chat(by: lasting.bearer))
    }
  }
}
