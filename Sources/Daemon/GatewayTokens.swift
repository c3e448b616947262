// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import DesiredState
import FoundationEssentials
import Gateway
import Planning
import SodiumCrypto
import Synchronization
import Tomb

/// Who may use the gateway: the clients whose tokens were made here, the one whose token the desired
/// state names, and the local operator. Reads all of that anew whenever it is asked.
final class GatewayTokens: Sendable {
  private struct State {
    /// Counts contents: the gateway takes no older one in the place of a newer.
    var sequence: UInt64 = 0
    var content: Digest?
    var status: ApplianceStatus.TokenStatus?
    /// What the gateway got last, of its clients.
    var credentials: GatewayCredentials?
  }

  private let secrets: SecretResolver
  private let audit: HostAudit
  private let operatorToken: SecretValue
  /// Of the hashes where there is no tomb.
  private let sessionKey = HashKey.random()
  /// Networks that are locked out, for a gateway that starts.
  private let locked: @Sendable (Date) async throws -> [String: NetworkLock]
  private let state = Mutex(State())

  init(
    secrets: SecretResolver, audit: HostAudit, operatorToken: SecretValue,
    locked: @escaping @Sendable (Date) async throws -> [String: NetworkLock]
  ) {
    (self.secrets, self.audit) = (secrets, audit)
    (self.operatorToken, self.locked) = (operatorToken, locked)
  }

  /// `nil` before the gateway was configured.
  var status: ApplianceStatus.TokenStatus? { state.withLock { $0.status } }

  /// The client whose token this is, as the gateway would find it; `nil` for nobody's.
  func client(presenting token: String, at now: Date) -> GatewayCredentials.Client? {
    state.withLock { $0.credentials }?.client(presenting: token, at: now)
  }

  /// What a gateway with these settings gets.
  ///
  /// - Throws: `token.weak`, `secret.missing`, and what keeps a tomb from being opened.
  func sealed(_ settings: JSONValue) async throws -> SealedSettings {
    try await sealed(settings, needsDeclared: true)
  }

  /// What a gateway that runs with these settings gets. A declared token that is gone or too weak is
  /// left out and told in ``status``: it must not keep what was revoked from being refused.
  ///
  /// - Throws: What keeps a tomb from being opened.
  func resealed(_ settings: JSONValue) async throws -> SealedSettings {
    try await sealed(settings, needsDeclared: false)
  }

  private func sealed(
    _ settings: JSONValue, needsDeclared: Bool
  ) async throws -> SealedSettings {
    let settings = try ApplianceJSON.decode(
      GatewaySettings.self, from: CanonicalJSON.bytes(settings))
    let now = Date()
    let locked = try await locked(now)
    // Reading and numbering are one step, so that a higher number is never an older reading.
    return try state.withLock { state in
      let reading = try read(settings.token, needsDeclared: needsDeclared, at: now)
      let channels = try channels(settings.channelSecrets, needsAll: needsDeclared)
      let content = SHA256.digest(
        try ApplianceJSON.encode(
          GatewayCredentials(key: reading.key, clients: reading.clients, channels: channels)))
      if content != state.content {
        (state.sequence, state.content) = (state.sequence + 1, content)
      }
      state.status = reading.status
      state.credentials = GatewayCredentials(key: reading.key, clients: reading.clients)
      return SealedSettings(
        try ApplianceJSON.encode(
          GatewayCredentials(
            key: reading.key, clients: reading.clients, sequence: state.sequence,
            locked: locked, channels: channels)))
    }
  }

  /// The secrets of the chat channels, by channel and field.
  ///
  /// - Parameter needsAll: Else a channel whose secret is gone is left without it, and does not run;
  ///   it must not keep others from what changed for them.
  private func channels(
    _ references: [String: [String: SecretReference]], needsAll: Bool
  ) throws -> [String: [String: SecretValue]] {
    try references.mapValues { fields in
      var values: [String: SecretValue] = [:]
      for (field, reference) in fields {
        do { values[field] = try secrets.resolve(reference, for: .gateway) } catch {
          guard !needsAll else { throw error }
        }
      }
      return values
    }
  }

  private struct Reading {
    let key: HashKey
    let clients: [GatewayCredentials.Client]
    let status: ApplianceStatus.TokenStatus
  }

  private func read(
    _ reference: SecretReference?, needsDeclared: Bool, at now: Date
  ) throws -> Reading {
    let store = try secrets.tokenStore()
    var registry = try store?.read()
    let isMade = registry?.client(ClientToken.sharedName) != nil
    let (declared, problem) = try declared(
      reference, isReplaced: registry?.isSharedMade ?? false, isNeeded: needsDeclared)
    if let declared, let store {
      do { registry = try notice(declared, store, registry, at: now) } catch {
        guard !needsDeclared else { throw error }
        return try reading(nil, registry, isMade, ApplianceError.of(error).message, at: now)
      }
    }
    return try reading(declared, registry, isMade, problem, at: now)
  }

  private func reading(
    _ declared: SecretValue?, _ registry: TokenRegistry?, _ isMade: Bool, _ problem: String?,
    at now: Date
  ) throws -> Reading {
    let key = registry?.key ?? sessionKey
    var clients = (registry?.clients ?? []).map { Self.client($0, at: now) }
    let hash = declared.map { KeyedHash(of: $0, key: key) }
    let isAdmitted =
      hash.map { registry?.admits($0, at: now) ?? true } == true
      && declared.flatMap { TokenText.weakness(of: $0) } == nil
    if isAdmitted, let hash {
      Self.add(
        .init(hash, until: registry?.declared(hash)?.revoked), to: ClientToken.sharedName, &clients)
    }
    clients.removeAll { $0.tokens.isEmpty }
    let status = ApplianceStatus.TokenStatus(
      source: isMade ? .tomb : (isAdmitted ? .declared : .none),
      isVariableStale: hash.map { Self.isStale($0, registry, isAdmitted) } ?? false,
      clients: clients.map(\.name).sorted(), problem: problem)
    let local = GatewayCredentials.Client(
      name: GatewayCredentials.operatorClient, scopes: Set(TokenScope.allCases),
      tokens: [.init(KeyedHash(of: operatorToken, key: key))])
    return Reading(key: key, clients: [local] + clients, status: status)
  }

  /// What a made token makes unimportant.
  private static let unusable: Set<ApplianceError.Code> = [
    .secretMissing, .tokenWeak, .tombNotForYou,
  ]

  /// What `gateway.auth.token` resolves to, or why it does not.
  ///
  /// - Parameter isReplaced: A token was made here: none needs to resolve.
  private func declared(
    _ reference: SecretReference?, isReplaced: Bool, isNeeded: Bool
  ) throws -> (value: SecretValue?, problem: String?) {
    guard let reference else { return (nil, nil) }
    do {
      let value = try secrets.resolve(reference, for: .gateway)
      // Before it is remembered: what is never accepted takes nobody's place.
      if !isReplaced { try TokenText.requireStrong(value, "gateway.auth.token") }
      return (value, nil)
    } catch {
      // Whatever keeps it from being read must not keep others from being revoked.
      let cause = ApplianceError.of(error)
      let isUnimportant = isReplaced && Self.unusable.contains(cause.code)
      guard isUnimportant || !isNeeded else { throw cause }
      return (nil, isUnimportant ? nil : cause.message)
    }
  }

  /// Remembers a token that is seen for the first time: its age counts from here, and once another
  /// one took its place it is never accepted again.
  private func notice(
    _ token: SecretValue, _ store: TokenStore, _ registry: TokenRegistry?, at now: Date
  ) throws -> TokenRegistry {
    if let registry, !registry.isNew(registry.hash(of: token)) { return registry }
    try audit.trail.record(
      [
        AuditEvent(
          .tokenChange, by: "supervisor", on: "token/\(ClientToken.sharedName)", .intent, at: now,
          details: ["deed": "notice"])
      ], at: now)
    return try store.notice(token, at: now)
  }

  private static func isStale(
    _ hash: KeyedHash, _ registry: TokenRegistry?, _ isAdmitted: Bool
  ) -> Bool {
    !isAdmitted || registry?.declared(hash)?.revoked != nil
  }

  private static func client(_ made: ClientToken, at now: Date) -> GatewayCredentials.Client {
    GatewayCredentials.Client(
      name: made.name, scopes: made.scopes,
      tokens: made.valid(at: now).map { version in
        .init(version.hash, until: [version.until, made.expires].compactMap { $0 }.min())
      })
  }

  private static func add(
    _ token: GatewayCredentials.Token, to name: String,
    _ clients: inout [GatewayCredentials.Client]
  ) {
    guard let index = clients.firstIndex(where: { $0.name == name }) else {
      return clients.append(.init(name: name, scopes: TokenScope.shared, tokens: [token]))
    }
    let present = clients[index]
    guard !present.tokens.contains(where: { $0.hash == token.hash }) else { return }
    clients[index] = .init(
      name: name, scopes: present.scopes, tokens: present.tokens + [token])
  }
}
