// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import HTTPTypes
import SodiumCrypto
import Testing

@testable import Gateway

/// Who a request comes from.
struct CredentialsTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let credentials = GatewayCredentials.of([
    Holder(name: "operator", token: "alpha"), Holder(name: "gateway", token: "beta"),
  ])

  private func later(_ seconds: TimeInterval) -> Date { now.addingTimeInterval(seconds) }

  private func fields(_ values: [String]) -> HTTPFields {
    var fields = HTTPFields()
    for value in values { fields.append(HTTPField(name: .authorization, value: value)) }
    return fields
  }

  private func client(_ values: String...) -> String? {
    guard case .bearer(let token) = PresentedToken(fields(values)) else { return nil }
    return credentials.client(presenting: token, at: now)?.name
  }

  @Test(arguments: [
    ("Bearer alpha", "operator"), ("Bearer beta", "gateway"), ("bearer beta", "gateway"),
    ("BEARER beta", "gateway"),
  ])
  func tokenNamesItsClient(value: String, name: String) {
    #expect(client(value) == name)
  }

  @Test(arguments: [
    "", "Bearer", "Bearer ", "beta", "Basic beta", "Bearer Beta", "Bearer bet", "Bearer betaa",
    "Bearer beta alpha", "Bearer beta,alpha", "Bearer  beta", "Bearerbeta", "Bearer\tbeta",
    "Bearer \"beta\"", "Token beta", "Bearer Bearer beta", "gateway", "Bearer gateway",
  ])
  func everythingElseIsNobody(value: String) {
    #expect(client(value) == nil)
    #expect(PresentedToken(fields([value])) != .none)
  }

  @Test func twoFieldsAreNobodyEvenWhenBothAreRight() {
    #expect(client("Bearer beta", "Bearer beta") == nil)
    #expect(client("Bearer beta", "Bearer wrong") == nil)
    #expect(client("Basic x", "Bearer beta") == nil)
    #expect(PresentedToken(fields(["Bearer beta", "Bearer beta"])) == .unreadable)
  }

  @Test func missingFieldIsNobody() {
    #expect(client() == nil)
    #expect(PresentedToken(HTTPFields()) == .none)
  }

  @Test func hugeTokenIsNobody() {
    #expect(client("Bearer " + String(repeating: "b", count: 5_000)) == nil)
    let longest = String(repeating: "b", count: PresentedToken.limit)
    #expect(PresentedToken(fields(["Bearer " + longest])) == .bearer(longest))
    #expect(PresentedToken(fields(["Bearer b" + longest])) == .unreadable)
  }

  @Test func credentialsComeBackFromTheLinkAndHoldNoToken() throws {
    let bytes = try ApplianceJSON.encode(credentials)
    let back = try ApplianceJSON.decode(GatewayCredentials.self, from: bytes)
    #expect(back.client(presenting: "beta", at: now)?.name == "gateway")
    #expect(back.client(presenting: "beta", at: now)?.scopes == TokenScope.shared)
    #expect(back.client(presenting: "gamma", at: now) == nil)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(!text.contains("alpha"))
    #expect(!text.contains("beta"))
  }

  @Test func onlyTheOperatorIsNoRemoteClient() {
    #expect(!GatewayCredentials.of([.local]).hasRemoteClient(at: now))
    #expect(!GatewayCredentials.of([]).hasRemoteClient(at: now))
    #expect(credentials.hasRemoteClient(at: now))
  }

  @Test func aClientWhoseTokensHaveEndedIsNoRemoteClient() {
    var holder = Holder.shared
    holder.until = later(60)
    let ending = GatewayCredentials.of([.local, holder])
    #expect(ending.hasRemoteClient(at: later(59)) && !ending.hasRemoteClient(at: later(60)))
    let key = HashKey.random()
    let none = GatewayCredentials(
      key: key, clients: [.init(name: "bot", scopes: [.chat], tokens: [])])
    #expect(!none.hasRemoteClient(at: now))
  }

  @Test func hashOfAnotherKeyMatchesNothing() {
    let hash = HashKey.random().hash(of: "beta")
    let other = GatewayCredentials(
      key: .random(),
      clients: [.init(name: "gateway", scopes: [.chat], tokens: [.init(hash)])])
    #expect(other.client(presenting: "beta", at: now) == nil)
  }

  @Test func aClientMayHaveSeveralTokensWithEndsOfTheirOwn() {
    let key = HashKey.random()
    let tokens = [
      GatewayCredentials.Token(key.hash(of: "old"), until: later(60)),
      .init(key.hash(of: "new"), until: later(3_600)), .init(key.hash(of: "lasting")),
    ]
    let credentials = GatewayCredentials(
      key: key, clients: [.init(name: "bot", scopes: [.chat], tokens: tokens)])
    for (token, last) in [("old", 60.0), ("new", 3_600)] {
      #expect(credentials.client(presenting: token, at: later(last - 1))?.name == "bot")
      #expect(credentials.client(presenting: token, at: later(last)) == nil)
    }
    #expect(credentials.client(presenting: "lasting", at: .distantFuture)?.name == "bot")
  }

  @Test func onlyWhatWasReadLaterIsNewer() {
    let (one, two) = (
      GatewayCredentials.of([], sequence: 1), GatewayCredentials.of([], sequence: 2)
    )
    #expect(two.newer(than: one) != nil)
    #expect(one.newer(than: two) == nil && one.newer(than: one) == nil)
  }
}
