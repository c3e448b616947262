// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto
import Synchronization

/// Who is logged in to the dashboard. Kept in memory alone: a restart of the appliance logs everybody out.
final class DashboardSessions: Sendable {
  /// How long a one-time code is good. Seconds.
  static let codeLife: TimeInterval = 300
  /// How long a session lasts without use. Seconds.
  static let idleLife: TimeInterval = 1_800
  /// How long it lasts at most. Seconds.
  static let longestLife: TimeInterval = 8 * 3_600
  /// At once; beyond, the oldest one ends.
  static let limit = 64
  /// Of one client or operator: nobody takes the others' place.
  static let share = 4

  /// Somebody who is logged in.
  struct Session: Sendable {
    /// `operator:UID`, or `client:NAME` for one with a token.
    let actor: String
    /// What the token permits; `nil` for an operator of the host, who may do everything.
    var scopes: Set<TokenScope>?
    /// The token that let a client in: the session is worth what it is worth.
    let token: SecretValue?
    /// What its forms hold.
    let proof: String
    let began: Date
    var used: Date

    var isOperator: Bool { scopes == nil }

    func may(_ scope: TokenScope) -> Bool { scopes?.contains(scope) ?? true }
  }

  private struct State {
    /// Codes by their digest: who asked for them, and when.
    var codes: [Digest: (actor: String, at: Date)] = [:]
    /// Sessions by the digest of their secret.
    var sessions: [Digest: Session] = [:]
  }

  private let state = Mutex(State())

  /// A code that logs one browser in, once.
  func makeCode(for actor: String, at now: Date) -> String {
    let code = SecureRandom.hexadecimal(bytes: 32)
    state.withLock { state in
      state.codes = state.codes.filter { Self.isIn($0.value.at, Self.codeLife, now) }
      Self.makeRoom(&state.codes) { $0.at }
      state.codes[Self.digest(code)] = (actor, now)
    }
    return code
  }

  /// The operator whose code this is; it is used up.
  func take(code: String, at now: Date) -> String? {
    state.withLock { state in
      guard let made = state.codes.removeValue(forKey: Self.digest(code)),
        Self.isIn(made.at, Self.codeLife, now)
      else { return nil }
      return made.actor
    }
  }

  /// - Returns: The session's secret.
  func begin(
    _ actor: String, scopes: Set<TokenScope>?, token: SecretValue? = nil, at now: Date
  ) -> String {
    let secret = SecureRandom.hexadecimal(bytes: 32)
    let session = Session(
      actor: actor, scopes: scopes, token: token, proof: SecureRandom.hexadecimal(bytes: 16),
      began: now,
      used: now)
    state.withLock { state in
      state.sessions = state.sessions.filter { Self.isAlive($0.value, now) }
      let own = state.sessions.filter { $0.value.actor == actor }
      if own.count >= Self.share, let oldest = own.min(by: { $0.value.used < $1.value.used }) {
        state.sessions[oldest.key] = nil
      }
      Self.makeRoom(&state.sessions) { $0.used }
      state.sessions[Self.digest(secret)] = session
    }
    return secret
  }

  /// The session of a secret, which counts as used now.
  func session(_ secret: String, at now: Date) -> Session? {
    state.withLock { state in
      let key = Self.digest(secret)
      guard var session = state.sessions[key] else { return nil }
      guard Self.isAlive(session, now) else {
        state.sessions[key] = nil
        return nil
      }
      session.used = now
      state.sessions[key] = session
      return session
    }
  }

  func end(_ secret: String) {
    state.withLock { $0.sessions[Self.digest(secret)] = nil }
  }

  private static func isAlive(_ session: Session, _ now: Date) -> Bool {
    isIn(session.used, idleLife, now) && isIn(session.began, longestLife, now)
  }

  /// A clock that was set back prolongs nothing.
  private static func isIn(_ begin: Date, _ life: TimeInterval, _ now: Date) -> Bool {
    (0..<life).contains(now.timeIntervalSince(begin))
  }

  private static func makeRoom<Value>(
    _ entries: inout [Digest: Value], _ age: (Value) -> Date
  ) {
    guard entries.count >= limit, let oldest = entries.min(by: { age($0.value) < age($1.value) })
    else { return }
    entries[oldest.key] = nil
  }

  private static func digest(_ secret: String) -> Digest { SHA256.digest(Array(secret.utf8)) }
}
