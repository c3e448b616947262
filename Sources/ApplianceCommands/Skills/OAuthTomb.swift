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

  /// What was given.
  private struct Tokens: Codable {
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
    try tomb.apply(try edits(entries.pending, pending), at: Date())
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

  /// Keeps all of an account, in one change: no kill in between leaves tokens beside another client's secret.
  func keep(_ held: HeldAccount) throws {
    let account = held.account
    let tokens = Tokens(
      account: account, access: held.access.withBytes { Array($0) },
      refresh: held.refresh.map { $0.withBytes { Array($0) } })
    let client = held.secret.map {
      Client(
        issuer: account.issuer.issuer, client: account.client, secret: $0.withBytes { Array($0) })
    }
    // What can be renewed needs nobody's attention when it ends.
    let ends = account.isRenewable ? nil : account.accessEnds
    try tomb.apply(
      try edits(entries.tokens, tokens, ends: ends) + edits(entries.client, client), at: Date())
  }

  /// - Throws: `oauth.refused` where there is no account.
  func held() throws -> HeldAccount {
    guard let held = try find() else {
      throw ApplianceError(
        .oauthRefused, "there is no account \(entries.provider), profile \(entries.profile)",
        hint: "kafclaw skills auth start \(entries.provider)")
    }
    return held
  }

  func find() throws -> HeldAccount? {
    guard let value = try value(entries.tokens) else { return nil }
    let tokens = try Self.decode(Tokens.self, value)
    let client = try self.value(entries.client).map { try Self.decode(Client.self, $0) }
    let isOwn =
      client?.issuer == tokens.account.issuer.issuer && client?.client == tokens.account.client
    return HeldAccount(
      account: tokens.account, access: SecretValue(copying: tokens.access),
      refresh: tokens.refresh.map { SecretValue(copying: $0) },
      secret: isOwn ? client.map { SecretValue(copying: $0.secret) } : nil)
  }

  /// The consent that waits for its answer, if any.
  func pending() throws -> OAuthPending? {
    try value(entries.pending).map { try Self.decode(Pending.self, $0).consent }
  }

  /// - Returns: Whether there was anything.
  func forget() throws -> Bool {
    let all = [entries.tokens, entries.client, entries.pending]
    guard try tomb.list().contains(where: { all.contains($0.name) }) else { return false }
    try tomb.apply(all.map { .remove($0) }, at: Date())
    return true
  }

  private func value(_ name: String) throws -> SecretValue? {
    do { return try tomb.value(name, for: Self.consumer) } catch let error as ApplianceError
      where error.code == .tombNoEntry
    {
      return nil
    }
  }

  /// An end that the entry had goes with it.
  private func edits(
    _ name: String, _ json: (some Encodable)?, ends: Date? = nil
  ) throws -> [TombEdit] {
    guard let json else { return [.remove(name)] }
    let bytes = try ApplianceJSON.encode(json)
    guard bytes.count <= TombEntry.valueLimit else {
      throw ApplianceError(
        .oauthRefused, "what the server gave is over \(TombEntry.valueLimit) bytes")
    }
    let details = EntryDetails(
      purpose: "an account of skills", consumers: [Self.consumer], expires: ends)
    return [.remove(name), .set(name, SecretValue(copying: bytes), details)]
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, _ value: SecretValue
  ) throws -> Value {
    try ApplianceJSON.decode(type, from: value.withBytes { Array($0) })
  }
}
