// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import Testing

@testable import Tomb

/// Clients and their tokens: names, ends, versions and limits.
struct TokenRegistryTests {
  private let now = TombHome.start
  private var registry = TokenRegistry(key: .random())

  private func later(_ seconds: TimeInterval) -> Date { now.addingTimeInterval(seconds) }

  private func token(_ text: String) -> SecretValue { SecretValue(copying: Array(text.utf8)) }

  private mutating func add(
    _ name: String, _ text: String, scopes: Set<TokenScope> = [.chat], expires: Date? = nil,
    at time: Date? = nil
  ) throws {
    try registry.add(name, token(text), scopes: scopes, expires: expires, at: time ?? now)
  }

  private mutating func rotate(
    _ name: String, to text: String, overlap: TimeInterval = 0, at time: Date? = nil
  ) throws {
    let time = time ?? now
    try registry.rotate(
      name, to: token(text), until: time.addingTimeInterval(overlap), at: time)
  }

  private func owner(_ text: String, at time: Date? = nil) -> String? {
    registry.owner(of: token(text), at: time ?? now)?.client.name
  }

  // MARK: Whose a token is

  @Test mutating func aTokenIsItsClientsAlone() throws {
    try add("bot", "one", scopes: [.chat])
    try add("probe", "two", scopes: [.scrape, .read])
    #expect(owner("one") == "bot" && owner("two") == "probe")
    for text in ["", "One", "on", "one ", "three", "bot"] { #expect(owner(text) == nil) }
    #expect(registry.client("probe")?.scopes == [.read, .scrape])
    #expect(registry.clients.map(\.name) == ["bot", "probe"])
    #expect(registry.client("bot")?.created == now && registry.client("bot")?.rotated == now)
  }

  @Test mutating func theHashesOfAnotherKeyAreNobodys() throws {
    try add("bot", "one")
    let other = TokenRegistry(key: .random())
    #expect(registry.hash(of: token("one")) != other.hash(of: token("one")))
    #expect(registry.hash(of: token("one")) == registry.client("bot")?.versions.first?.hash)
  }

  @Test mutating func aTokenEndsWithItsClient() throws {
    try add("bot", "one", expires: later(60))
    #expect(owner("one", at: later(59)) == "bot")
    #expect(registry.owner(of: token("one"), at: now)?.until == later(60))
    #expect(owner("one", at: later(60)) == nil && owner("one", at: later(9_000)) == nil)
    #expect(registry.client("bot")?.valid(at: later(60)) == [])
    try rotate("bot", to: "two", overlap: 30)
    #expect(registry.client("bot")?.expires == later(60))
    #expect(registry.owner(of: token("one"), at: now)?.until == later(30))
    #expect(registry.owner(of: token("two"), at: now)?.until == later(60))
    #expect(owner("two", at: later(60)) == nil)
  }

  @Test mutating func aTokenWithoutAnEndHasNone() throws {
    try add("bot", "one")
    #expect(owner("one", at: .distantFuture) == "bot")
    let found = try #require(registry.owner(of: token("one"), at: now))
    #expect(found.until == nil)
  }

  /// Its new token would not be accepted either.
  @Test mutating func aClientThatHasEndedIsNotRotated() throws {
    try add("bot", "one", expires: later(60))
    let before = registry
    #expect(failure { try rotate("bot", to: "two", at: later(60)) } == .tokenInvalid)
    #expect(registry == before)
    try registry.revoke("bot", at: later(60))
    try add("bot", "two", at: later(60))
    #expect(owner("two", at: later(60)) == "bot")
  }

  // MARK: Rotation

  @Test mutating func aRotationEndsTheFormerTokenAtOnceOrLater() throws {
    try add("bot", "one")
    try rotate("bot", to: "two")
    #expect(owner("one") == nil && owner("two") == "bot")
    try rotate("bot", to: "three", overlap: 60)
    #expect(owner("two", at: later(59)) == "bot" && owner("three", at: later(59)) == "bot")
    #expect(owner("two", at: later(60)) == nil && owner("three", at: later(60)) == "bot")
    #expect(registry.client("bot")?.versions.map(\.number) == [2, 3])
  }

  @Test mutating func aLaterRotationNeverProlongsAnOverlap() throws {
    try add("bot", "one")
    try rotate("bot", to: "two", overlap: 60)
    try rotate("bot", to: "three", overlap: 9_000, at: later(10))
    #expect(owner("one", at: later(59)) == "bot" && owner("one", at: later(60)) == nil)
    #expect(owner("two", at: later(9_009)) == "bot" && owner("two", at: later(9_010)) == nil)
    // And shortens it where that was asked for.
    try rotate("bot", to: "four", at: later(20))
    #expect(owner("one", at: later(20)) == nil && owner("two", at: later(20)) == nil)
    #expect(registry.client("bot")?.versions.map(\.number) == [4])
  }

  @Test mutating func fewTokensOfOneClientAreAcceptedAtOnce() throws {
    try add("bot", "1")
    for number in 2...ClientToken.versionLimit { try rotate("bot", to: "\(number)", overlap: 60) }
    let before = registry
    #expect(failure { try rotate("bot", to: "5", overlap: 60) } == .tokenInvalid)
    #expect(registry == before)
    try rotate("bot", to: "5", overlap: 60, at: later(60))
    #expect(registry.client("bot")?.versions.map(\.number) == [4, 5])
    try rotate("bot", to: "6", at: later(61))
    #expect(registry.client("bot")?.versions.map(\.number) == [6])
  }

  @Test mutating func whoIsNotThereIsNeitherRotatedNorRevoked() throws {
    try add("bot", "one")
    let before = registry
    for name in ["bit", "", "BOT", "operator", "a\u{1B}[2J"] {
      #expect(failure { try rotate(name, to: "two") } == .tokenUnknown)
      #expect(failure { try registry.revoke(name, at: now) } == .tokenUnknown)
    }
    #expect(failure { try registry.revoke(ClientToken.sharedName, at: now) } == .tokenUnknown)
    #expect(registry == before)
  }

  // MARK: Revocation

  @Test mutating func aRevokedClientIsGoneAndCanBeMadeAgain() throws {
    try add("bot", "one")
    try rotate("bot", to: "two", overlap: 60)
    try registry.revoke("bot", at: later(1))
    #expect(owner("one", at: later(1)) == nil && owner("two", at: later(1)) == nil)
    #expect(owner("two", at: now) == nil && registry.client("bot") == nil)
    #expect(failure { try registry.revoke("bot", at: later(1)) } == .tokenUnknown)
    try add("bot", "three", at: later(2))
    #expect(owner("three", at: later(2)) == "bot")
    #expect(owner("one", at: later(2)) == nil && owner("two", at: later(2)) == nil)
  }

  // MARK: What cannot be

  @Test(arguments: [
    "a", "0", "bot", "bot-1", "x_y", "9-", "a__--", String(repeating: "n", count: 32), "gateway",
  ])
  mutating func aNameIsTaken(name: String) throws {
    try add(name, "one")
    #expect(owner("one") == name)
  }

  @Test(arguments: [
    "", "A", "Bot", "-a", "_a", "a b", " a", "a\n", "a.b", "a/b", "a:b", "é", "a\u{301}", "a\u{0}",
    "operator", String(repeating: "n", count: 33), "../a", "a\u{1B}[2J",
  ])
  mutating func aNameIsRefused(name: String) {
    do {
      try add(name, "one")
      Issue.record("taken")
    } catch {
      let error = error as? ApplianceError
      #expect(error?.code == .tokenInvalid)
      #expect(error?.message.contains("\u{1B}") == false)
    }
    #expect(registry.clients == [])
  }

  @Test mutating func whatWouldOpenNothingIsRefused() throws {
    #expect(failure { try add("bot", "one", scopes: []) } == .tokenInvalid)
    #expect(failure { try add("bot", "one", expires: now) } == .tokenInvalid)
    #expect(failure { try add("bot", "one", expires: later(-1)) } == .tokenInvalid)
    #expect(registry.clients == [])
    try add("bot", "one")
    #expect(failure { try add("bot", "two") } == .tokenExists)
    #expect(owner("one") == "bot" && owner("two") == nil)
  }

  @Test mutating func theNumberOfClientsIsLimited() throws {
    for number in 0..<TokenRegistry.clientLimit { try add("c\(number)", "t\(number)") }
    #expect(failure { try add("more", "more") } == .tokenInvalid)
    #expect(failure { try rotate(ClientToken.sharedName, to: "more") } == .tokenInvalid)
    #expect(registry.clients.count == TokenRegistry.clientLimit)
    try registry.revoke("c7", at: now)
    try add("more", "more")
    #expect(owner("more") == "more" && owner("t7") == nil)
  }

  // MARK: Stored form

  @Test mutating func theStoredFormHasNoTokenAndComesBack() throws {
    let canaries = ["canary-made-8123", "canary-next-4410", "canary-declared-5519"]
    try add("gateway", canaries[0], scopes: TokenScope.shared, expires: later(9_000))
    try rotate("gateway", to: canaries[1], overlap: 60)
    _ = registry.notice(registry.hash(of: token(canaries[2])), at: now)
    let bytes = try ApplianceJSON.encode(registry)
    let text = String(decoding: bytes, as: UTF8.self)
    for canary in canaries {
      let forms = [
        canary, Data(canary.utf8).base64EncodedString(), Hexadecimal.encode(canary.utf8),
      ]
      for form in forms { #expect(!text.contains(form)) }
    }
    let back = try ApplianceJSON.decode(TokenRegistry.self, from: bytes)
    #expect(back == registry)
    #expect(back.owner(of: token(canaries[1]), at: now)?.client.name == "gateway")
  }

  @Test mutating func aDamagedFormIsRefusedWithoutQuotingIt() throws {
    try add("bot", "one")
    let whole = String(decoding: try ApplianceJSON.encode(registry), as: UTF8.self)
    let hash = Hexadecimal.encode(registry.hash(of: token("one")).bytes)
    let changes = [
      (hash, String(hash.dropLast(2))), (hash, hash + "00"), (hash, ""), (hash, hash.uppercased()),
      (hash, "g" + hash.dropFirst()), ("\"chat\"", "\"root\""), ("\"key\":\"", "\"key\":\"00"),
      ("\"number\":1", "\"number\":9223372036854775808"), ("\"clients\":", "\"clint\":"),
    ]
    for (part, other) in changes {
      let changed = whole.replacing(part, with: other)
      #expect(changed != whole, "\(part)")
      do {
        _ = try ApplianceJSON.decode(TokenRegistry.self, from: changed.utf8)
        Issue.record("\(part) -> \(other) was taken")
      } catch {
        #expect((error as? ApplianceError)?.code == .malformed)
        #expect(!"\(error)".contains(hash.prefix(16)))
      }
    }
  }

  @Test func theKeyIsNotPrinted() {
    var told = ""
    dump(registry, to: &told)
    told += "\(registry) \(registry.key)"
    #expect(told.contains("<redacted>"))
    #expect(Mirror(reflecting: registry.key).children.isEmpty)
  }

  /// Everything that can be known of tokens is one value of the tomb.
  @Test mutating func aFullRegistryFitsIntoAnEntry() throws {
    for number in 0..<TokenRegistry.clientLimit {
      let name = "\(number)-" + String(repeating: "n", count: 28)
      try add(name, "\(name) 1", scopes: Set(TokenScope.allCases), expires: later(90_000))
      for version in 2...ClientToken.versionLimit {
        try rotate(name, to: "\(name) \(version)", overlap: 60)
      }
    }
    for number in 0..<TokenRegistry.declaredLimit {
      _ = registry.notice(registry.hash(of: token("\(number)")), at: now)
    }
    let isNoticed = registry.notice(registry.hash(of: token("more")), at: now)
    #expect(!isNoticed)
    registry.refused = (0..<TokenRegistry.refusedLimit).map {
      registry.hash(of: token("refused \($0)"))
    }
    registry.declaredUntil = now
    #expect(try ApplianceJSON.encode(registry).count <= TombEntry.valueLimit)
  }

  @Test("who was revoked does not come back with another token")
  mutating func revokedSharedClient() throws {
    #expect(!registry.hasShared(at: now))
    try add(ClientToken.sharedName, "one")
    #expect(registry.hasShared(at: now))
    try registry.revoke(ClientToken.sharedName, at: now)
    #expect(!registry.hasShared(at: now))
    #expect(failure { try rotate(ClientToken.sharedName, to: "two") } == .tokenUnknown)
    #expect(owner("two") == nil)
  }
}
