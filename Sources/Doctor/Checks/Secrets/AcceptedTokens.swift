// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import Tomb

/// The tokens that open the gateway's API: the one that the desired state names, and those that
/// were made here.
struct AcceptedTokens {
  /// What became of the declared token.
  enum Declared: Equatable {
    case none
    case accepted
    /// It resolves, and was revoked.
    case revoked
    case missing
    /// It is not to be seen here; the appliance has it.
    case taken
    /// It does not resolve here, and the running appliance does not say whether it has it.
    case hidden
  }

  let address: ListenAddress
  let reference: SecretReference?
  let declared: Declared
  /// Clients with a token that was made here and is accepted.
  let made: [String]
  /// Whether a token of the shared client was made here: it takes the place of the declared one.
  let isReplaced: Bool

  /// - Returns: `nil` where there is no desired state.
  /// - Throws: What keeps the tomb or the place of the token from being looked at.
  init?(_ host: Host) throws {
    guard let gateway = try host.validState?.spec.gateway else { return nil }
    (address, reference) = (gateway.host, gateway.auth.token)
    let registry = try host.acts.tokens()
    made = (registry?.clients ?? []).filter { !$0.valid(at: host.now).isEmpty }.map(\.name)
    isReplaced = registry?.client(ClientToken.sharedName) != nil
    declared = try reference.map { try Self.declared($0, registry, host) } ?? .none
  }

  private static func declared(
    _ reference: SecretReference, _ registry: TokenRegistry?, _ host: Host
  ) throws -> Declared {
    do {
      if let token = try value(of: reference, host) {
        let isAdmitted = registry.map { $0.admits($0.hash(of: token), at: host.now) } ?? true
        return isAdmitted ? .accepted : .revoked
      }
    } catch let error as ApplianceError where error.code == .tombNotForYou {
      return .taken
    }
    // A variable may be in the environment of the appliance alone.
    guard host.isRunning, case .environment = reference else { return .missing }
    guard let tokens = host.status?.tokens else { return .hidden }
    return tokens.source == .declared ? .taken : .missing
  }

  /// The declared token; `nil` where it does not resolve.
  static func value(of reference: SecretReference, _ host: Host) throws -> SecretValue? {
    do {
      return try host.acts.resolve(reference)
    } catch let error as ApplianceError where error.code == .secretMissing {
      return nil
    }
  }

  // MARK: What it means

  /// What is accepted, for people.
  var accepted: [String] {
    let named = reference.map(\.description) ?? ""
    let isAccepted = declared == .accepted || declared == .taken
    return (isAccepted ? [named] : []) + made.map { "the client \($0)" }
  }

  /// What is certainly wrong.
  var problem: String? {
    let named = reference.map { "gateway.auth.token is \($0)" } ?? ""
    switch declared {
    case .missing where !isReplaced:
      return "\(named), which does not resolve here, and no token was made in its place"
    case .revoked where made.isEmpty:
      return "\(named); what it resolves to was revoked, and no other token is accepted"
    case .none where !address.isLoopback && made.isEmpty:
      return "gateway.host is \(address.text), and there is no token"
    default: return nil
    }
  }

  /// What cannot be told from here.
  var doubt: String? {
    guard declared == .hidden, !isReplaced, let reference else { return nil }
    return "\(reference) does not resolve here; whether the running appliance has it is not known"
  }

  /// How it stands, where there is no problem.
  var told: String {
    accepted.isEmpty
      ? "no API client can authenticate; kafclaw chat works"
      : "accepted: \(accepted.joined(separator: ", "))"
  }
}
