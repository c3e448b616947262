// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Synchronization

/// What a gateway remembers of source networks: who is locked out, and which clients authenticated
/// from where. The supervisor's store is what lasts; this spares asking it.
final class LockedNetworks: Sendable {
  private struct Login: Hashable {
    let client: String
    let network: String
  }

  private struct State {
    var locked: [String: Date] = [:]
    var logins: Set<Login> = []
  }

  /// Entries of each; beyond, the oldest lock-outs and all logins are forgotten.
  static let limit = 10_000

  private let state = Mutex(State())

  /// Until when a network is locked out; `nil` when it is not.
  func lockedUntil(_ network: SourceNetwork, at now: Date) -> Date? {
    state.withLock { state in
      guard let until = state.locked[network.text] else { return nil }
      // A clock that was set back must not prolong anything.
      guard until > now, until.timeIntervalSince(now) <= AuthenticationLimit.longestLockout else {
        state.locked[network.text] = nil
        return nil
      }
      return until
    }
  }

  func lock(_ network: SourceNetwork, until: Date) {
    state.withLock { state in
      makeRoom(&state)
      state.locked[network.text] = until
    }
  }

  private func makeRoom(_ state: inout State) {
    if state.locked.count >= Self.limit {
      let first = state.locked.min { $0.value < $1.value }
      if let first { state.locked[first.key] = nil }
    }
    if state.logins.count >= Self.limit { state.logins = [] }
  }

  /// Takes over what the supervisor knows; nothing that is known here is forgotten for it.
  func take(_ locked: [String: NetworkLock]) {
    state.withLock { state in
      for (network, lock) in locked {
        makeRoom(&state)
        state.locked[network] = max(state.locked[network] ?? lock.until, lock.until)
        for client in lock.clients { state.logins.insert(Login(client: client, network: network)) }
      }
    }
  }

  /// Whether a client authenticated from there since this process started.
  func knows(_ client: String, from network: SourceNetwork) -> Bool {
    state.withLock { $0.logins.contains(Login(client: client, network: network.text)) }
  }

  func remember(_ client: String, from network: SourceNetwork) {
    state.withLock { state in
      if state.logins.count >= Self.limit { state.logins = [] }
      state.logins.insert(Login(client: client, network: network.text))
    }
  }
}
