// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import Daemon
import DurableIO
import Foundation
import Skills
import Tomb

/// One deed on an account: under the lock of all accounts, and on their record.
struct AccountDeed: ~Copyable {
  let entries: OAuthEntries
  private let name: String
  private let options: GlobalOptions
  private let record: SkillAuthRecord
  private let lock: FileLock

  /// Asked before anybody is: what nobody may keep is not asked for.
  ///
  /// - Throws: `process.root`, and what keeps the tomb from being opened.
  static func requireTomb(_ options: GlobalOptions) throws {
    _ = try CommandTomb.store(options).list()
  }

  /// - Throws: As ``requireTomb(_:)``, and `lock.held` where another one takes too long.
  init(_ name: String, _ entries: OAuthEntries, _ options: GlobalOptions) throws {
    try Self.requireTomb(options)
    let paths = try options.paths
    lock = try Self.lock(options, entries)
    (self.name, self.entries, self.options) = (name, entries, options)
    record = SkillAuthRecord(paths, provider: entries.provider, profile: entries.profile)
  }

  private static func lock(
    _ options: GlobalOptions, _ entries: OAuthEntries
  ) throws -> FileLock {
    let lock = try OAuthTomb.lock(options)
    try forgetLapsed(options, but: entries.pending)
    return lock
  }

  /// Consents that nobody answered in time; the one of this account is told so where it is looked for.
  private static func forgetLapsed(_ options: GlobalOptions, but own: String) throws {
    let lapsed = try AuthListing(of: try CommandTomb.store(options), at: Date()).lapsed
      .filter { $0 != own }
    guard !lapsed.isEmpty else { return }
    _ = try CommandTomb.change(options, "oauth", "consents that lapsed") {
      try $0.apply(lapsed.map { .remove($0) }, at: Date())
    }
  }

  func tell(_ outcome: AuditEvent.Outcome, _ details: [String: String] = [:]) throws {
    try record.tell(name, outcome, details)
  }

  /// Does what follows an intent, and records how it ended.
  func recorded(_ body: () async throws -> Void) async throws {
    try await failing { try await body() }
    try tell(.done)
  }

  /// Does what follows an intent, and records it when that fails.
  func failing<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch {
      // `try?`: why it failed is worth more than that this could not be recorded.
      try? tell(.failed, ["error": ApplianceError.of(error).code.rawValue])
      throw error
    }
  }

  /// Changes one entry of the account.
  func change<Value>(
    _ entry: String, _ body: (OAuthTomb) throws -> Value
  ) throws -> Value {
    try CommandTomb.change(options, "oauth", entry) { try body(OAuthTomb($0, entries)) }.value
  }

  func account() throws -> OAuthTomb { OAuthTomb(try CommandTomb.store(options), entries) }
}
