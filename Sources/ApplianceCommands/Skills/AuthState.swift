// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Skills
import Tomb

/// An account as people see it.
struct AuthState: Encodable {
  enum Condition: String, Encodable {
    case valid
    /// The access token ended; the next refresh gets another one.
    case renewable
    case ended
    /// Somebody was asked, and has not answered yet.
    case pending
    /// Nobody answered in time.
    case lapsed
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

  init(_ entries: OAuthEntries, _ consent: OAuthPending, at now: Date) {
    (provider, profile) = (entries.provider, entries.profile)
    (issuer, client, scopes) = (consent.issuer.issuer, consent.client, consent.scopes)
    (since, accessEnds) = (consent.startedAt, nil)
    condition = consent.isWaiting(at: now) ? .pending : .lapsed
  }
}

/// All accounts and consents of a tomb; one that cannot be read is told, and hides no other.
struct AuthListing {
  private(set) var states: [AuthState] = []
  /// Entries of the tomb that cannot be read.
  private(set) var damaged: [String] = []
  /// Entries of consents that nobody answered in time.
  private(set) var lapsed: [String] = []

  init(of tomb: TombStore, at now: Date) throws {
    for entry in try tomb.list() {
      let parts = entry.name.split(separator: "/").map(String.init)
      guard parts.count == 4, parts[0] == "oauth", ["tokens", "pending"].contains(parts[3]) else {
        continue
      }
      do {
        let entries = try OAuthEntries(provider: parts[1], profile: parts[2])
        try add(entry.name, entries, OAuthTomb(tomb, entries), at: now)
      } catch {
        damaged.append(entry.name)
      }
    }
  }

  private mutating func add(
    _ name: String, _ entries: OAuthEntries, _ account: OAuthTomb, at now: Date
  ) throws {
    if name == entries.tokens {
      states.append(AuthState(entries, try account.held().account, at: now))
    } else if name == entries.pending, let consent = try account.pending() {
      states.append(AuthState(entries, consent, at: now))
      if consent.hasLapsed(at: now) { lapsed.append(name) }
    }
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
