// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Skills
import Tomb

/// One account's entries in the tomb.
struct OAuthTomb {
  private static let consumer = "supervisor"

  private let tomb: TombStore
  private let entries: OAuthEntries

  init(_ tomb: TombStore, _ entries: OAuthEntries) { (self.tomb, self.entries) = (tomb, entries) }

  /// What is needed to ask for tokens.
  struct Taken {
    let pending: OAuthPending
    let secret: SecretValue?
  }

  /// What is needed to use or end an account.
  struct Held {
    let account: OAuthAccount
    let access: SecretValue?
    let refresh: SecretValue?
    let secret: SecretValue?
  }

  func begin(_ pending: OAuthPending, _ secret: SecretValue?) throws {
    try set(entries.pending, json: pending, ends: pending.startedAt + OAuthPending.life)
    if let secret { try set(entries.secret, secret) }
  }

  /// The consent that waits for its answer; it is gone then.
  func take() throws -> Taken {
    guard let value = try value(entries.pending) else {
      throw ApplianceError(
        .oauthRefused, "no consent of \(entries.provider) waits for an answer",
        hint: "kafclaw skills auth start \(entries.provider)")
    }
    try tomb.remove(entries.pending)
    return Taken(
      pending: try Self.decode(OAuthPending.self, value), secret: try self.value(entries.secret))
  }

  func keep(_ grant: OAuthGrant, _ pending: OAuthPending) throws {
    try store(
      grant,
      OAuthAccount(
        issuer: pending.issuer, client: pending.client, scopes: grant.scopes ?? pending.scopes,
        since: Date(), accessEnds: grant.accessEnds, isRenewable: grant.refresh != nil))
  }

  /// A server may give another refresh token, and takes the one before back then (RFC 9700, section 4.14).
  func renew(_ grant: OAuthGrant, _ before: OAuthAccount) throws {
    try store(
      grant,
      OAuthAccount(
        issuer: before.issuer, client: before.client, scopes: grant.scopes ?? before.scopes,
        since: before.since, accessEnds: grant.accessEnds, isRenewable: true))
  }

  /// The tokens first: an account without them says what is missing, tokens without an account nothing.
  private func store(_ grant: OAuthGrant, _ account: OAuthAccount) throws {
    if let refresh = grant.refresh { try set(entries.refresh, refresh) }
    // What can be renewed needs nobody's attention when it ends.
    try set(entries.access, grant.access, ends: account.isRenewable ? nil : account.accessEnds)
    try set(entries.account, json: account)
  }

  /// - Throws: `oauth.refused` where there is no account.
  func held() throws -> Held {
    guard let account = try value(entries.account) else {
      throw ApplianceError(
        .oauthRefused, "there is no account \(entries.provider), profile \(entries.profile)",
        hint: "kafclaw skills auth start \(entries.provider)")
    }
    return Held(
      account: try Self.decode(OAuthAccount.self, account), access: try value(entries.access),
      refresh: try value(entries.refresh), secret: try value(entries.secret))
  }

  func forget() throws {
    for name in [entries.access, entries.refresh, entries.secret, entries.pending, entries.account]
    where try value(name) != nil { try tomb.remove(name) }
  }

  func state() throws -> AuthState {
    let held = try held()
    return AuthState(entries, held.account, at: Date())
  }

  static func states(of tomb: TombStore) throws -> [AuthState] {
    try tomb.list().compactMap { entry in
      let parts = entry.name.split(separator: "/").map(String.init)
      guard parts.count == 4, parts[0] == "oauth", parts[3] == "account" else { return nil }
      return try OAuthTomb(tomb, OAuthEntries(provider: parts[1], profile: parts[2])).state()
    }
  }

  private func value(_ name: String) throws -> SecretValue? {
    do { return try tomb.value(name, for: Self.consumer) } catch let error as ApplianceError
      where error.code == .tombNoEntry
    {
      return nil
    }
  }

  private func set(_ name: String, _ value: SecretValue, ends: Date? = nil) throws {
    try tomb.set(
      name, value,
      EntryDetails(purpose: "an account of skills", consumers: [Self.consumer], expires: ends),
      at: Date())
  }

  private func set(_ name: String, json: some Encodable, ends: Date? = nil) throws {
    try set(name, SecretValue(copying: try ApplianceJSON.encode(json)), ends: ends)
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

    private enum CodingKeys: String, CodingKey {
      case formatVersion, accounts
    }
  }

  static func show(_ states: [AuthState], _ options: GlobalOptions) throws {
    if options.format == .json { return try Output.json(Accounts(accounts: states)) }
    if states.isEmpty { Output.line("no accounts") }
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
  static func exchange(_ code: SecretValue, for taken: OAuthTomb.Taken) async throws -> OAuthGrant {
    let pending = taken.pending
    let (status, body) = try await OAuthClient.ask(
      pending.issuer.token, of: pending.issuer, client: pending.client, secret: taken.secret,
      [
        ("grant_type", "authorization_code"), ("code", text(code)),
        ("redirect_uri", pending.redirect), ("code_verifier", pending.verifier),
      ])
    return try OAuthGrant(answer: body, status: status, at: Date())
  }

  static func refresh(_ held: OAuthTomb.Held) async throws -> OAuthGrant {
    guard let refresh = held.refresh else {
      throw ApplianceError(
        .oauthRefused, "the provider gave no refresh token", hint: "kafclaw skills auth start")
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
    for (token, kind) in [(held.refresh, "refresh_token"), (held.access, "access_token")] {
      guard let token else { continue }
      do {
        let (status, _) = try await OAuthClient.ask(
          address, of: held.account.issuer, client: held.account.client, secret: held.secret,
          [("token", text(token)), ("token_type_hint", kind)])
        guard status == 200 else { return "it answered \(status)" }
      } catch {
        return ApplianceError.of(error).message
      }
    }
    return nil
  }

  private static func text(_ secret: SecretValue) -> String {
    secret.withBytes { String(decoding: $0, as: UTF8.self) }
  }
}
