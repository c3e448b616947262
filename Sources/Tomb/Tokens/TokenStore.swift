// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import SodiumCrypto

/// Keeps the ``TokenRegistry`` in the tomb.
public struct TokenStore: Sendable {
  /// Its entry; names that begin with `kafclaw/` are the program's own.
  static let entry = TombStore.ownPrefix + "tokens"

  private let tomb: TombStore

  public init(_ tomb: TombStore) { self.tomb = tomb }

  /// What is stored; `nil` before the first token.
  ///
  /// - Throws: `tomb.missing`, and what keeps the tomb from being opened.
  public func read() throws -> TokenRegistry? {
    do {
      return try Self.registry(try tomb.value(Self.entry, for: "supervisor"))
    } catch let error as ApplianceError where error.code == .tombNoEntry {
      return nil
    }
  }

  /// Makes a client and its token, which is kept nowhere.
  public func generate(
    _ name: String, scopes: Set<TokenScope>, expires: Date?, at now: Date
  ) throws -> SecretValue {
    let token = TokenText.random()
    try change(at: now) {
      try $0.add(name, token, scopes: scopes, expires: expires, at: now)
    }
    return token
  }

  /// Gives a client another token; the former ones are accepted for `overlap`.
  public func rotate(_ name: String, overlap: Duration, at now: Date) throws -> SecretValue {
    let token = TokenText.random()
    let end = now.addingTimeInterval(TimeInterval(overlap.components.seconds))
    try change(at: now) { try $0.rotate(name, to: token, until: end, at: now) }
    return token
  }

  /// Ends a client: none of its tokens is accepted from now on.
  public func revoke(_ name: String, at now: Date) throws {
    try change(at: now) { try $0.revoke(name, at: now) }
  }

  /// Remembers a token that `gateway.auth.token` resolved to. Writes nothing when it is known.
  public func notice(_ token: SecretValue, at now: Date) throws -> TokenRegistry {
    if var known = try read() {
      guard known.notice(known.hash(of: token), at: now) else { return known }
    }
    return try change(at: now) { registry in
      _ = registry.notice(registry.hash(of: token), at: now)
    }
  }

  @discardableResult
  private func change(
    at now: Date, _ body: (inout TokenRegistry) throws -> Void
  ) throws -> TokenRegistry {
    try tomb.update(
      Self.entry,
      EntryDetails(purpose: "tokens of the gateway's clients", consumers: ["supervisor"]),
      at: now
    ) { present in
      var registry = try present.map(Self.registry) ?? TokenRegistry(key: .random())
      try body(&registry)
      var bytes = try ApplianceJSON.encode(registry)
      return (SecretValue(wiping: &bytes), registry)
    }
  }

  private static func registry(_ value: SecretValue) throws -> TokenRegistry {
    let registry = try value.withBytes { bytes in
      try ApplianceJSON.decode(TokenRegistry.self, from: Array(bytes))
    }
    guard registry.formatVersion == 1 else {
      throw ApplianceError(
        .tombMalformed, "the tokens were written by a newer version of kafclaw",
        hint: "install that version again")
    }
    return registry
  }
}
