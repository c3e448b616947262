// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Skills
import Tomb

/// One account's entries in the tomb. Whoever changes them holds ``lock(_:)``.
struct OAuthTomb {
  private static let consumer = "supervisor"

  private let tomb: TombStore
  private let entries: OAuthEntries

  init(_ tomb: TombStore, _ entries: OAuthEntries) { (self.tomb, self.entries) = (tomb, entries) }

  /// Held from reading an account to its change, also while its server is asked: two who renew at once would
  /// take each other's tokens for stolen.
  static func lock(_ options: GlobalOptions) throws -> FileLock {
    try FileLock(
      acquiring: try options.paths.tombLock + ".oauth", purpose: "kafclaw skills auth", patience: 90
    )
  }

  /// A consent that waits, with its client's secret.
  struct Pending: Codable {
    let consent: OAuthPending
    let secret: [UInt8]?
  }

  /// What was given: changed as a whole.
  struct Tokens: Codable {
    let account: OAuthAccount
    let access: [UInt8]
    let refresh: [UInt8]?
  }

  /// A client's secret, and whose it is: it is shown to nobody else.
  private struct Client: Codable {
    let issuer: String
    let client: String
    let secret: [UInt8]
  }

  func begin(_ consent: OAuthPending, _ secret: SecretValue?) throws {
    let pending = Pending(consent: consent, secret: secret.map { $0.withBytes { Array($0) } })
    try set(entries.pending, json: pending)
  }

  /// The consent that waits for its answer; it is gone then.
  func take() throws -> Pending {
    guard let value = try value(entries.pending) else {
      throw ApplianceError(
        .oauthRefused, "no consent of \(entries.provider) waits for an answer",
        hint: "kafclaw skills auth start \(entries.provider)")
    }
    try tomb.remove(entries.pending)
    return try Self.decode(Pending.self, value)
  }

  /// The secret first: without it the tokens cannot be used, and with another account's they are not.
  func keep(_ grant: OAuthGrant, _ pending: Pending) throws {
    let consent = pending.consent
    if let secret = pending.secret {
      try set(
        entries.client,
        json: Client(issuer: consent.issuer.issuer, client: consent.client, secret: secret))
    } else if try value(entries.client) != nil {
      try tomb.remove(entries.client)
    }
    try store(
      grant, refresh: grant.refresh,
      OAuthAccount(
        issuer: consent.issuer, client: consent.client, scopes: grant.scopes ?? consent.scopes,
        since: Date(), accessEnds: grant.accessEnds, isRenewable: grant.refresh != nil))
  }

  /// A server may give another refresh token, and takes the one before back then (RFC 9700, section 4.14).
  func renew(_ grant: OAuthGrant, _ held: Held) throws {
    let before = held.account
    try store(
      grant, refresh: grant.refresh ?? held.refresh,
      OAuthAccount(
        issuer: before.issuer, client: before.client, scopes: grant.scopes ?? before.scopes,
        since: before.since, accessEnds: grant.accessEnds, isRenewable: true))
  }

  private func store(
    _ grant: OAuthGrant, refresh: SecretValue?, _ account: OAuthAccount
  ) throws {
    let tokens = Tokens(
      account: account, access: grant.access.withBytes { Array($0) },
      refresh: refresh.map { $0.withBytes { Array($0) } })
    // What can be renewed needs nobody's attention when it ends.
    try set(entries.tokens, json: tokens, ends: account.isRenewable ? nil : account.accessEnds)
  }

  /// What is needed to use or end an account.
  struct Held {
    let account: OAuthAccount
    let access: SecretValue
    let refresh: SecretValue?
    let secret: SecretValue?
  }

  /// - Throws: `oauth.refused` where there is no account.
  func held() throws -> Held {
    guard let value = try value(entries.tokens) else {
      throw ApplianceError(
        .oauthRefused, "there is no account \(entries.provider), profile \(entries.profile)",
        hint: "kafclaw skills auth start \(entries.provider)")
    }
    let tokens = try Self.decode(Tokens.self, value)
    let client = try self.value(entries.client).map { try Self.decode(Client.self, $0) }
    let isOwn =
      client?.issuer == tokens.account.issuer.issuer && client?.client == tokens.account.client
    return Held(
      account: tokens.account, access: SecretValue(copying: tokens.access),
      refresh: tokens.refresh.map { SecretValue(copying: $0) },
      secret: isOwn ? client.map { SecretValue(copying: $0.secret) } : nil)
  }

  /// - Returns: Whether there was anything.
  func forget() throws -> Bool {
    var had = false
    for name in [entries.tokens, entries.client, entries.pending] where try value(name) != nil {
      try tomb.remove(name)
      had = true
    }
    return had
  }

  func state() throws -> AuthState { AuthState(entries, try held().account, at: Date()) }

  /// Every account; one that cannot be read is told, and hides no other.
  static func states(of tomb: TombStore) throws -> (accounts: [AuthState], damaged: [String]) {
    var (accounts, damaged) = ([AuthState](), [String]())
    for entry in try tomb.list() {
      let parts = entry.name.split(separator: "/").map(String.init)
      guard parts.count == 4, parts[0] == "oauth", parts[3] == "tokens" else { continue }
      do {
        let entries = try OAuthEntries(provider: parts[1], profile: parts[2])
        accounts.append(try OAuthTomb(tomb, entries).state())
      } catch {
        damaged.append(entry.name)
      }
    }
    return (accounts, damaged)
  }

  private func value(_ name: String) throws -> SecretValue? {
    do { return try tomb.value(name, for: Self.consumer) } catch let error as ApplianceError
      where error.code == .tombNoEntry
    {
      return nil
    }
  }

  private func set(_ name: String, json: some Encodable, ends: Date? = nil) throws {
    let bytes = try ApplianceJSON.encode(json)
    guard bytes.count <= TombEntry.valueLimit else {
      throw ApplianceError(
        .oauthRefused, "what the server gave is over \(TombEntry.valueLimit) bytes")
    }
    // An end that an entry had stays unless another one is given.
    let before = try tomb.list().first { $0.name == name }
    if before?.expires != nil, ends == nil { try tomb.remove(name) }
    try tomb.set(
      name, SecretValue(copying: bytes),
      EntryDetails(purpose: "an account of skills", consumers: [Self.consumer], expires: ends),
      at: Date())
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, _ value: SecretValue
  ) throws -> Value {
    try ApplianceJSON.decode(type, from: value.withBytes { Array($0) })
  }
}

/// An account as people see it.
struct AuthState: Encodable {
  enum Condition: String, Encodable {
    case valid
    /// The access token ended; the next refresh gets another one.
    case renewable
    case ended
  }

  let provider: String
  let profile: String
  let issuer: String
  let client: String
  let scopes: [String]
  let since: Date
  let accessEnds: Date?
  let condition: Condition

  init(_ entries: OAuthEntries, _ account: OAuthAccount, at now: Date) {
    (provider, profile) = (entries.provider, entries.profile)
    (issuer, client, scopes) = (account.issuer.issuer, account.client, account.scopes)
    (since, accessEnds) = (account.since, account.accessEnds)
    let isOver = account.accessEnds.map { $0 <= now } ?? false
    condition = !isOver ? .valid : account.isRenewable ? .renewable : .ended
  }
}

/// Accounts as people read them.
enum AuthText {
  private struct Accounts: Encodable {
    let formatVersion = 1
    let accounts: [AuthState]
    /// Entries of the tomb that are no accounts.
    let damaged: [String]

    private enum CodingKeys: String, CodingKey {
      case formatVersion, accounts, damaged
    }
  }

  static func show(
    _ states: [AuthState], damaged: [String] = [], _ options: GlobalOptions
  ) throws {
    if options.format == .json {
      return try Output.json(Accounts(accounts: states, damaged: damaged))
    }
    if states.isEmpty, damaged.isEmpty { Output.line("no accounts") }
    for name in damaged { Output.line("\(VisibleText.escape(name))  damaged") }
    for state in states {
      let ends = state.accessEnds.map { ", access until \($0.formatted(.iso8601))" } ?? ""
      let scopes = state.scopes.map { VisibleText.escape($0) }.joined(separator: " ")
      Output.line(
        "\(state.provider)  \(state.profile)  \(state.condition.rawValue)\(ends)  "
          + "\(VisibleText.escape(state.issuer))  \(scopes)")
    }
  }
}

/// What is asked of authorization servers for an account.
enum OAuthExchange {
  static func exchange(
    _ code: SecretValue, for taken: OAuthTomb.Pending
  ) async throws -> OAuthGrant {
    let pending = taken.consent
    let (status, body) = try await OAuthClient.ask(
      pending.issuer.token, of: pending.issuer, client: pending.client,
      secret: taken.secret.map { SecretValue(copying: $0) },
      [
        ("grant_type", "authorization_code"), ("code", text(code)),
        ("redirect_uri", pending.redirect), ("code_verifier", pending.verifier),
      ])
    return try OAuthGrant(answer: body, status: status, at: Date())
  }

  static func refresh(_ held: OAuthTomb.Held) async throws -> OAuthGrant {
    guard let refresh = held.refresh else {
      throw ApplianceError(
        .oauthRefused, "there is no refresh token",
        hint: "kafclaw skills auth start PROVIDER")
    }
    let account = held.account
    let (status, body) = try await OAuthClient.ask(
      account.issuer.token, of: account.issuer, client: account.client, secret: held.secret,
      [("grant_type", "refresh_token"), ("refresh_token", text(refresh))])
    return try OAuthGrant(answer: body, status: status, at: Date())
  }

  /// - Returns: Why the provider did not take it back; `nil` when it did.
  static func revoke(_ held: OAuthTomb.Held) async -> String? {
    guard let address = held.account.issuer.revocation else {
      return "it has no way to be told (RFC 7009)"
    }
    var problem: String?
    for (token, kind) in [(held.refresh, "refresh_token"), (held.access, "access_token")] {
      guard let token else { continue }
      do {
        let (status, _) = try await OAuthClient.ask(
          address, of: held.account.issuer, client: held.account.client, secret: held.secret,
          [("token", text(token)), ("token_type_hint", kind)])
        if status != 200 { problem = "it answered \(status)" }
      } catch {
        problem = ApplianceError.of(error).message
      }
    }
    return problem
  }

  private static func text(_ secret: SecretValue) -> String {
    secret.withBytes { String(decoding: $0, as: UTF8.self) }
  }
}
