// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Tomb

/// The registry in a real tomb. Each store is that of another process.
struct TokenStoreTests {
  private let now = TombHome.start

  private func later(_ seconds: TimeInterval) -> Date { now.addingTimeInterval(seconds) }

  /// A host with a tomb, and the tokens in it as another process sees them.
  private func made() throws -> (home: TombHome, store: TokenStore) {
    let home = try TombHome()
    _ = try home.made()
    return (home, TokenStore(home.store()))
  }

  private func generate(_ store: TokenStore, _ name: String = "bot") throws -> SecretValue {
    try store.generate(name, scopes: [.chat], expires: nil, at: now)
  }

  private func owner(_ token: SecretValue, _ store: TokenStore, at time: Date? = nil) throws
    -> String?
  {
    try store.read()?.owner(of: token, at: time ?? now)?.client.name
  }

  @Test func thereIsNothingBeforeTheFirstToken() throws {
    let (_, store) = try made()
    #expect(try store.read() == nil)
    #expect(failure { try store.revoke("bot", at: now) } == .tokenUnknown)
    #expect(failure { _ = try store.rotate("bot", overlap: .zero, at: now) } == .tokenUnknown)
    #expect(try store.read() == nil)
  }

  @Test func withoutATombNothingIsRead() throws {
    let store = TokenStore(try TombHome().store())
    #expect(failure { _ = try store.read() } == .tombMissing)
    #expect(failure { _ = try generate(store) } == .tombMissing)
    let token = SecretValue(copying: [1])
    #expect(failure { _ = try store.notice(token, at: now) } == .tombMissing)
  }

  @Test func whatOneProcessChangesAnotherSees() throws {
    let (home, store) = try made()
    let other = TokenStore(home.store())
    #expect(try other.read() == nil)
    let first = try generate(store)
    #expect(TokenText.weakness(of: first) == nil)
    #expect(try owner(first, other) == "bot")
    let second = try other.rotate("bot", overlap: .seconds(60), at: now)
    #expect(try owner(first, store, at: later(59)) == "bot")
    #expect(try owner(first, store, at: later(60)) == nil)
    #expect(try owner(second, store, at: later(60)) == "bot")
    try store.revoke("bot", at: later(1))
    #expect(try owner(first, other) == nil && owner(second, other) == nil)
    let third = try generate(other)
    #expect(try owner(third, store) == "bot" && owner(second, store) == nil)
  }

  @Test func theEntryIsTheSupervisorsAlone() throws {
    let (home, store) = try made()
    _ = try generate(store)
    let tomb = home.store()
    let entry = try #require(try tomb.list().first)
    #expect(entry.name == "kafclaw/tokens" && entry.consumers == ["supervisor"])
    for consumer in ["gateway", "agent", "source", ""] {
      #expect(failure { _ = try tomb.value(entry.name, for: consumer) } == .tombNotForYou)
    }
  }

  @Test func aChangeThatIsRefusedWritesNothing() throws {
    let (home, store) = try made()
    let token = try generate(store)
    let before = try home.image()
    #expect(failure { _ = try generate(store) } == .tokenExists)
    #expect(failure { _ = try generate(store, "Bot") } == .tokenInvalid)
    #expect(failure { _ = try store.rotate("bit", overlap: .zero, at: now) } == .tokenUnknown)
    #expect(failure { try store.revoke("bit", at: now) } == .tokenUnknown)
    #expect(try home.image() == before)
    #expect(try owner(token, store) == "bot")
  }

  @Test func aDeclaredTokenIsRememberedOnce() throws {
    let (home, store) = try made()
    let token = SecretValue(copying: Array("declared-canary-5519".utf8))
    let registry = try store.notice(token, at: now)
    #expect(registry.admits(registry.hash(of: token), at: now))
    let before = try home.image()
    #expect(try store.notice(token, at: later(60)) == registry)
    #expect(try TokenStore(home.store()).notice(token, at: later(90)) == registry)
    #expect(try home.image() == before)
    _ = try generate(store, ClientToken.sharedName)
    let after = try store.notice(token, at: later(120))
    #expect(!after.admits(after.hash(of: token), at: later(120)))
  }

  @Test func noFileHasAToken() throws {
    let (home, store) = try made()
    let declared = SecretValue(copying: Array("declared-canary-5519".utf8))
    _ = try store.notice(declared, at: now)
    let tokens = [try generate(store), try store.rotate("bot", overlap: .seconds(60), at: now)]
    for name in TombHome.names {
      let bytes = Data(try home.bytes(name))
      for token in tokens + [declared] {
        #expect(bytes.range(of: Data(token.text.utf8)) == nil, "\(name)")
      }
    }
    let stored = try home.store().value(TokenStore.entry, for: "supervisor").text
    for token in tokens + [declared] { #expect(!stored.contains(token.text)) }
  }

  // MARK: Several at once

  @Test func concurrentChangesLoseNone() async throws {
    let (home, _) = try made()
    let shared = TokenStore(home.store())
    let made = try await withThrowingTaskGroup(of: [(String, SecretValue)].self) { group in
      for writer in 0..<6 {
        group.addTask {
          // Some have a store of their own, some share one.
          let store = writer < 3 ? shared : TokenStore(home.store())
          return try await Self.onThread { try Self.fill(store, writer) }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    let registry = try #require(try TokenStore(home.store()).read())
    #expect(registry.clients.count == 36 && made.count == 36)
    for (name, token) in made {
      #expect(registry.owner(of: token, at: now)?.client.name == name)
    }
    #expect(registry.clients.allSatisfy { $0.versions.map(\.number) == [2] })
    #expect(registry.declared.isEmpty)
  }

  /// Six clients, each with its second token.
  private static func fill(_ store: TokenStore, _ writer: Int) throws -> [(String, SecretValue)] {
    try (0..<6).map { index in
      let name = "w\(writer)-\(index)"
      _ = try store.generate(name, scopes: [.read], expires: nil, at: TombHome.start)
      return (name, try store.rotate(name, overlap: .zero, at: TombHome.start))
    }
  }

  @Test func oneOfManyMakesTheClient() async throws {
    let (home, _) = try made()
    let tokens = await withTaskGroup(of: SecretValue?.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let store = TokenStore(home.store())
          // `try?`: seven of them are told that the client is there.
          return try? await Self.onThread {
            try store.generate("bot", scopes: [.chat], expires: nil, at: TombHome.start)
          }
        }
      }
      return await group.reduce(into: [SecretValue?]()) { $0.append($1) }.compactMap(\.self)
    }
    #expect(tokens.count == 1)
    let token = try #require(tokens.first)
    #expect(try owner(token, TokenStore(home.store())) == "bot")
  }

  /// Blocks a thread of its own, none of the pool.
  private static func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try body() }) }.start()
    }
  }

  // MARK: What was done stays done

  /// Whoever puts former entries back cannot undo a revocation.
  @Test func anOlderCopyIsRefused() throws {
    let (home, store) = try made()
    let token = try generate(store)
    let old = try home.bytes("entries.sealed")
    try store.revoke("bot", at: now)
    let present = try home.bytes("entries.sealed")
    try home.put(old, "entries.sealed")
    for other in [store, TokenStore(home.store())] {
      #expect(failure { _ = try other.read() } == .tombOlder)
      #expect(failure { _ = try generate(other, "bit") } == .tombOlder)
      #expect(failure { _ = try other.notice(token, at: now) } == .tombOlder)
    }
    try home.put(present, "entries.sealed")
    #expect(try owner(token, store) == nil)
  }

  @Test func theTokensOutliveTheKeyAndMoveWithTheTomb() throws {
    let home = try TombHome()
    let (tomb, key) = try home.made()
    let token = try generate(TokenStore(tomb))
    try tomb.rotateKey(at: now)
    #expect(try owner(token, TokenStore(home.store())) == "bot")
    let other = try TombHome()
    for name in ["tomb.rr", "entries.sealed"] { try other.put(try home.bytes(name), name) }
    try other.store().recover(with: key, at: now)
    #expect(try owner(token, TokenStore(other.store())) == "bot")
  }

  @Test func whatCannotBeReadIsNotTakenForNothing() throws {
    let (home, store) = try made()
    let token = try generate(store)
    var newer = try #require(try store.read())
    newer.formatVersion = 2
    let bytes = String(decoding: try ApplianceJSON.encode(newer), as: UTF8.self)
    for (value, code) in [
      (bytes, ApplianceError.Code.tombMalformed), ("{}", .malformed), ("canary-7712", .malformed),
    ] {
      try home.store().set(
        TokenStore.entry, value, EntryDetails(consumers: ["supervisor"]), at: now)
      #expect(failure { _ = try store.read() } == code)
      #expect(failure { _ = try generate(store, "bit") } == code)
      #expect(failure { _ = try store.notice(token, at: now) } == code)
      #expect(try home.store().value(TokenStore.entry, for: "supervisor").text == value)
      do { _ = try store.read() } catch { #expect(!"\(error)".contains("canary")) }
    }
  }
}
