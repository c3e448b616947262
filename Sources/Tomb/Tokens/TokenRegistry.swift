// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
public import SodiumCrypto

/// Who may use the gateway, by keyed hashes; one entry of the tomb. A value: changes are decided
/// here and stored by ``TokenStore``.
public struct TokenRegistry: Sendable, Codable, Equatable {
  public internal(set) var formatVersion = 1
  /// Of all hashes in here; as lasting as they are.
  public let key: HashKey
  public internal(set) var clients: [ClientToken] = []
  /// What is known of tokens that were found in the environment, files or entries named by
  /// `gateway.auth.token`.
  public internal(set) var declared: [Declared] = []
  /// Whether the shared client ever had a token that was made here: from then on no declared one is
  /// accepted, also after that client was revoked.
  public private(set) var isSharedMade = false
  /// Tokens of clients that were revoked: none comes back as a declared one. The oldest are
  /// forgotten.
  var refused: [KeyedHash] = []
  /// Until when a declared token that was not seen yet is accepted beside the first made one.
  var declaredUntil: Date?

  /// A token as the desired state may name it.
  public struct Declared: Sendable, Codable, Equatable {
    public let hash: KeyedHash
    public let firstSeen: Date
    /// When it stops being accepted, for good; ``never`` for what is refused already, so that a clock
    /// that is set back does not bring it back.
    public internal(set) var revoked: Date?

    /// Before all times.
    public static let never = Date(timeIntervalSince1970: 0)
  }

  // All of them together are one value of the tomb.
  static let clientLimit = 48
  static let declaredLimit = 100
  static let refusedLimit = 60

  init(key: HashKey) { self.key = key }

  public func client(_ name: String) -> ClientToken? { clients.first { $0.name == name } }

  /// The hash of a token as this registry keeps it.
  public func hash(of token: SecretValue) -> KeyedHash { KeyedHash(of: token, key: key) }

  public func declared(_ hash: KeyedHash) -> Declared? { declared.first { $0.hash == hash } }

  /// Whether a declared token was never seen.
  public func isNew(_ hash: KeyedHash) -> Bool {
    let shared = client(ClientToken.sharedName)
    return declared(hash) == nil && !refused.contains(hash)
      && shared?.versions.contains { $0.hash == hash } != true
  }

  /// Whether a declared token is accepted: a token made here takes its place, and what was revoked
  /// stays revoked.
  public func admits(_ hash: KeyedHash, at now: Date) -> Bool {
    if refused.contains(hash) { return false }
    if let known = declared(hash), let revoked = known.revoked { return revoked > now }
    // Without having been noticed none is accepted: there would be no memory of its revocation.
    if declared(hash) == nil, declared.count >= Self.declaredLimit { return false }
    guard isSharedMade else { return true }
    return client(ClientToken.sharedName)?.valid(at: now).contains { $0.hash == hash } == true
  }

  /// Whose token this is, and until when.
  public func owner(of token: SecretValue, at now: Date) -> (client: ClientToken, until: Date?)? {
    let hash = hash(of: token)
    for client in clients {
      guard let version = client.valid(at: now).first(where: { $0.hash == hash }) else { continue }
      return (client, [version.until, client.expires].compactMap { $0 }.min())
    }
    return nil
  }

  /// Whether the shared client has a token, made here or declared.
  public func hasShared(at now: Date) -> Bool {
    client(ClientToken.sharedName) != nil || declared.contains { admits($0.hash, at: now) }
  }

  // MARK: Changes

  /// - Throws: `token.exists`, `token.invalid`.
  mutating func add(
    _ name: String, _ token: SecretValue, scopes: Set<TokenScope>, expires: Date?, at now: Date
  ) throws {
    try insert(name, token, scopes: scopes, expires: expires, at: now)
    if name == ClientToken.sharedName { revokeDeclared(at: now, since: now) }
  }

  private mutating func insert(
    _ name: String, _ token: SecretValue, scopes: Set<TokenScope>, expires: Date?, at now: Date
  ) throws {
    try ClientToken.requireName(name)
    guard !scopes.isEmpty else {
      throw ApplianceError(.tokenInvalid, "a token without a scope opens nothing")
    }
    guard expires.map({ $0 > now }) ?? true else {
      throw ApplianceError(
        .tokenInvalid, "the token would have ended already", hint: "a time to come, or 90d")
    }
    guard client(name) == nil else {
      throw ApplianceError(
        .tokenExists, "the client \(name) has a token already", hint: "kafclaw token rotate \(name)"
      )
    }
    guard clients.count < Self.clientLimit else {
      throw ApplianceError(
        .tokenInvalid, "there are \(Self.clientLimit) clients already",
        hint: "kafclaw token revoke NAME")
    }
    clients.append(
      ClientToken(
        name: name, scopes: scopes, created: now, expires: expires,
        versions: [.init(number: 1, hash: hash(of: token), created: now)]))
    clients.sort { $0.name < $1.name }
    if name == ClientToken.sharedName { isSharedMade = true }
  }

  /// Gives a client another token; the present ones are accepted until `end`.
  ///
  /// A shared client whose token was only declared so far gets its first one made here.
  /// - Throws: `token.unknown`, `token.invalid`.
  mutating func rotate(_ name: String, to token: SecretValue, until end: Date, at now: Date) throws
  {
    if name == ClientToken.sharedName, client(name) == nil {
      // Whoever was revoked does not come back by being given another token.
      guard !isSharedMade else {
        throw ApplianceError(
          .tokenUnknown, "the client \(name) was revoked", hint: "kafclaw token generate \(name)")
      }
      try insert(name, token, scopes: TokenScope.shared, expires: nil, at: now)
      declaredUntil = end
      return revokeDeclared(at: end, since: now)
    }
    guard let index = clients.firstIndex(where: { $0.name == name }) else {
      throw Self.unknown(name)
    }
    var client = clients[index]
    if let expires = client.expires, expires <= now {
      throw ApplianceError(
        .tokenInvalid, "the client \(name) has ended at \(expires.formatted(.iso8601))",
        hint: "kafclaw token revoke \(name), then kafclaw token generate \(name)")
    }
    let number = (client.versions.last?.number ?? 0) + 1
    client.versions = client.versions.compactMap { version in
      var version = version
      version.until = min(version.until ?? end, end)
      return version.until.map { $0 > now } == true ? version : nil
    }
    guard client.versions.count < ClientToken.versionLimit else {
      throw ApplianceError(
        .tokenInvalid, "\(client.versions.count) tokens of \(name) are still accepted",
        hint: "wait for one to end, or kafclaw token rotate \(name) --overlap 0s")
    }
    client.versions.append(.init(number: number, hash: hash(of: token), created: now))
    clients[index] = client
    if name == ClientToken.sharedName { revokeDeclared(at: end, since: now) }
  }

  /// - Throws: `token.unknown`.
  mutating func revoke(_ name: String, at now: Date) throws {
    let ended = client(name)
    let isShared = name == ClientToken.sharedName
    guard ended != nil || (isShared && declared.contains { $0.revoked == nil }) else {
      throw Self.unknown(name)
    }
    clients.removeAll { $0.name == name }
    if isShared { revokeDeclared(at: now, since: now) }
    if let ended { refuse(ended) }
  }

  /// A token that was made here and is declared, too, must not come back as a declared one.
  private mutating func refuse(_ ended: ClientToken) {
    refused += ended.versions.map(\.hash)
    refused.removeFirst(max(0, refused.count - Self.refusedLimit))
  }

  /// Remembers a declared token: its age counts from here. One that a made token has already taken
  /// the place of is revoked.
  ///
  /// - Returns: Whether anything changed. When it knows as many as it can it remembers no more, and
  ///   ``admits(_:at:)`` none of them.
  mutating func notice(_ hash: KeyedHash, at now: Date) -> Bool {
    guard isNew(hash), declared.count < Self.declaredLimit else { return false }
    let overlap = declaredUntil.flatMap { $0 > now ? $0 : nil }
    let end = isSharedMade ? overlap ?? Declared.never : nil
    // What declares another token takes the former one's place.
    revokeDeclared(at: now, since: now)
    declared.append(Declared(hash: hash, firstSeen: now, revoked: end))
    declaredUntil = nil
    return true
  }

  private mutating func revokeDeclared(at end: Date, since now: Date) {
    let end = end > now ? end : Declared.never
    for index in declared.indices {
      declared[index].revoked = min(declared[index].revoked ?? end, end)
    }
    declaredUntil = declaredUntil.map { min($0, end) }
  }

  private static func unknown(_ name: String) -> ApplianceError {
    ApplianceError(
      .tokenUnknown, "there is no client \"\(VisibleText.escape(name))\"",
      hint: "kafclaw token list")
  }
}
