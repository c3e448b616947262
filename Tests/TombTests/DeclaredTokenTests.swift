// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Tomb

/// Tokens that the desired state names: accepted until another one takes their place, and never
/// again.
struct DeclaredTokenTests {
  private let now = TombHome.start
  private var registry = TokenRegistry(key: .random())
  private static let shared = ClientToken.sharedName

  private func later(_ seconds: TimeInterval) -> Date { now.addingTimeInterval(seconds) }

  private func token(_ text: String) -> SecretValue { SecretValue(copying: Array(text.utf8)) }

  /// What the appliance does with a declared token, whenever it looks.
  ///
  /// - Returns: Whether it is accepted.
  private mutating func declare(_ text: String, at time: Date) -> Bool {
    let hash = registry.hash(of: token(text))
    _ = registry.notice(hash, at: time)
    return registry.admits(hash, at: time)
  }

  private func admits(_ text: String, at time: Date) -> Bool {
    registry.admits(registry.hash(of: token(text)), at: time)
  }

  private mutating func generate(_ text: String, at time: Date) throws {
    try registry.add(
      Self.shared, token(text), scopes: TokenScope.shared, expires: nil, at: time)
  }

  private mutating func rotate(to text: String, overlap: TimeInterval, at time: Date) throws {
    try registry.rotate(
      Self.shared, to: token(text), until: time.addingTimeInterval(overlap), at: time)
  }

  @Test mutating func aDeclaredTokenIsAcceptedAndItsAgeCountsFromTheFirstLook() throws {
    let hash = registry.hash(of: token("A"))
    #expect(registry.isNew(hash) && registry.admits(hash, at: now))
    let isNew = registry.notice(hash, at: now)
    #expect(isNew)
    #expect(!registry.isNew(hash) && registry.admits(hash, at: later(1_000_000)))
    let before = registry
    let isNewAgain = registry.notice(hash, at: later(60))
    #expect(!isNewAgain)
    #expect(registry == before && registry.declared(hash)?.firstSeen == now)
  }

  @Test mutating func aMadeTokenTakesItsPlaceForGood() throws {
    #expect(declare("A", at: now))
    try generate("made", at: later(10))
    for seconds in [10.0, 11, 1_000_000] { #expect(!admits("A", at: later(seconds))) }
    #expect(registry.owner(of: token("made"), at: later(10))?.client.name == Self.shared)
    #expect(!declare("A", at: later(20)))
    try registry.revoke(Self.shared, at: later(30))
    #expect(!declare("A", at: later(40)))
  }

  @Test mutating func itIsAcceptedUntilTheEndOfAnOverlap() throws {
    #expect(declare("A", at: now))
    try rotate(to: "made", overlap: 60, at: later(10))
    #expect(admits("A", at: later(69)) && !admits("A", at: later(70)))
    // Neither another rotation nor another look prolongs that.
    try rotate(to: "next", overlap: 600, at: later(20))
    #expect(declare("A", at: later(69)))
    #expect(!declare("A", at: later(70)))
    #expect(registry.owner(of: token("made"), at: later(619)) != nil)
  }

  @Test mutating func aRotationWithoutAnOverlapEndsItAtOnce() throws {
    #expect(declare("A", at: now))
    try rotate(to: "made", overlap: 0, at: later(10))
    #expect(!admits("A", at: later(10)))
    #expect(registry.client(Self.shared)?.scopes == TokenScope.shared)
    #expect(registry.client(Self.shared)?.versions.map(\.number) == [1])
  }

  /// A stopped appliance has not seen the variable when its first token is made.
  @Test mutating func itHasTheOverlapAlsoWhenItIsSeenAfterTheRotation() throws {
    try rotate(to: "made", overlap: 60, at: now)
    #expect(declare("A", at: later(10)))
    #expect(admits("A", at: later(59)) && !admits("A", at: later(60)))
    // One token was declared before the rotation, not two.
    #expect(!declare("B", at: later(20)))
    #expect(!admits("A", at: later(20)))
  }

  @Test mutating func afterTheOverlapATokenThatIsSeenFirstIsRefused() throws {
    try rotate(to: "made", overlap: 60, at: now)
    #expect(!declare("A", at: later(60)))
    #expect(!admits("A", at: later(61)))
    try registry.revoke(Self.shared, at: later(70))
    #expect(!declare("A", at: later(80)))
  }

  @Test mutating func whatEndsDeclaredTokensEndsAnOverlapThatNobodyUsedYet() throws {
    try rotate(to: "made", overlap: 600, at: now)
    try rotate(to: "next", overlap: 0, at: later(10))
    #expect(!declare("A", at: later(20)))
    registry = TokenRegistry(key: .random())
    try rotate(to: "made", overlap: 600, at: now)
    try registry.revoke(Self.shared, at: later(10))
    try generate("next", at: later(10))
    #expect(!declare("A", at: later(20)))
  }

  @Test mutating func besideAMadeTokenNothingNewIsAccepted() throws {
    try generate("made", at: now)
    #expect(!admits("A", at: now))
    #expect(!declare("A", at: later(1)))
    #expect(registry.declared.map(\.revoked) == [TokenRegistry.Declared.never])
  }

  @Test mutating func aTokenThatAnotherTookThePlaceOfIsRefusedWhenItIsDeclaredAgain() throws {
    #expect(declare("A", at: now))
    #expect(declare("B", at: later(10)))
    #expect(!admits("A", at: later(10)))
    #expect(!declare("A", at: later(20)))
    // The attempt takes nothing away from the one that is accepted.
    #expect(declare("B", at: later(30)))
  }

  @Test mutating func revokingEndsADeclaredToken() throws {
    #expect(failure { try registry.revoke(Self.shared, at: now) } == .tokenUnknown)
    #expect(declare("A", at: now))
    try registry.revoke(Self.shared, at: later(10))
    #expect(!declare("A", at: later(10)))
    #expect(failure { try registry.revoke(Self.shared, at: later(20)) } == .tokenUnknown)
    #expect(declare("B", at: later(30)))
  }

  @Test mutating func revokingCutsAnOverlapShort() throws {
    #expect(declare("A", at: now))
    try rotate(to: "made", overlap: 600, at: now)
    #expect(admits("A", at: later(10)))
    try registry.revoke(Self.shared, at: later(10))
    #expect(!declare("A", at: later(10)))
    #expect(registry.owner(of: token("made"), at: later(10)) == nil)
  }

  /// Somebody names a made token in the desired state, too.
  @Test(arguments: [shared, "bot"])
  mutating func aRevokedClientsTokenDoesNotComeBackAsADeclaredOne(name: String) throws {
    try registry.add(name, token("made"), scopes: [.chat], expires: nil, at: now)
    try registry.rotate(name, to: token("next"), until: later(60), at: now)
    if name == Self.shared { #expect(declare("next", at: later(1))) }
    try registry.revoke(name, at: later(10))
    #expect(!declare("made", at: later(11)))
    #expect(!declare("next", at: later(12)))
    // Of a client with another name it is no declared token's place that was taken.
    #expect(declare("other", at: later(13)) == (name != Self.shared))
  }

  @Test mutating func afterAMadeTokenNoDeclaredOneIsAcceptedEvenWhenThatIsRevoked() throws {
    try generate("made", at: now)
    try registry.revoke(Self.shared, at: later(10))
    #expect(registry.isSharedMade && !admits("A", at: later(10)))
    #expect(!declare("A", at: later(20)))
    #expect(!declare("made", at: later(20)))
    try generate("next", at: later(30))
    #expect(registry.owner(of: token("next"), at: later(30))?.client.name == Self.shared)
    #expect(!declare("B", at: later(40)))
  }

  /// A token that was rotated away long ago, of a client that is gone since.
  @Test mutating func aTokenOfBeforeTheLastRotationDoesNotComeBackEither() throws {
    try generate("made", at: now)
    try rotate(to: "next", overlap: 0, at: later(10))
    try registry.revoke(Self.shared, at: later(20))
    for text in ["made", "next"] { #expect(!declare(text, at: later(30))) }
  }

  @Test mutating func theMadeTokenMayBeDeclared() throws {
    try generate("made", at: now)
    let hash = registry.hash(of: token("made"))
    #expect(!registry.isNew(hash) && registry.admits(hash, at: now))
    try rotate(to: "next", overlap: 60, at: later(10))
    #expect(declare("made", at: later(69)))
    #expect(!declare("made", at: later(70)))
    try rotate(to: "last", overlap: 0, at: later(80))
    #expect(!declare("made", at: later(90)))
    #expect(!declare("next", at: later(90)))
    #expect(declare("last", at: later(90)))
  }

  @Test mutating func theNumberOfDeclaredTokensIsLimited() throws {
    for number in 0..<TokenRegistry.declaredLimit { #expect(declare("\(number)", at: now)) }
    #expect(!declare("more", at: now))
    #expect(admits("\(TokenRegistry.declaredLimit - 1)", at: now))
    // A client can be revoked for all that.
    try generate("made", at: now)
    try registry.revoke(Self.shared, at: now)
    #expect(registry.declared.count == TokenRegistry.declaredLimit)
    #expect(!admits("made", at: now))
  }

  /// Whatever happens in whatever order: what was refused once is refused for good.
  @Test mutating func whatWasRefusedIsNeverAcceptedAgain() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "declared tokens"))
    for _ in 0..<200 {
      registry = TokenRegistry(key: .random())
      var (time, made, refused) = (now, 0, Set<String>())
      for _ in 0..<60 {
        time += TimeInterval(Int.random(in: 0...40, using: &random))
        switch Int.random(in: 0...9, using: &random) {
        case 0:
          made += 1
          _ = failure { try generate("made \(made)", at: time) }
        case 1, 2:
          made += 1
          let overlap = TimeInterval([0, 0, 30, 100].randomElement(using: &random) ?? 0)
          _ = failure { try rotate(to: "made \(made)", overlap: overlap, at: time) }
        case 3: _ = failure { try registry.revoke(Self.shared, at: time) }
        default:
          let text = ["A", "B", "C", "D"].randomElement(using: &random) ?? "A"
          let isAccepted = declare(text, at: time)
          #expect(!(isAccepted && refused.contains(text)), "\(text) came back")
          if !isAccepted { refused.insert(text) }
        }
      }
    }
  }
}
