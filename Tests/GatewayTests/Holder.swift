// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto

@testable import Gateway

/// Somebody with a token for a gateway.
struct Holder: Sendable {
  let name: String
  let token: String
  var scopes = TokenScope.shared
  var until: Date?

  var bearer: (String, String?) { ("Authorization", "Bearer \(token)") }

  static let local = Holder(
    name: GatewayCredentials.operatorClient, token: "operator-token",
    scopes: Set(TokenScope.allCases))

  /// Of `gateway.auth.token`.
  static let shared = Holder(name: "gateway", token: RunningGateway.token)
}

extension GatewayCredentials {
  static func of(
    _ holders: [Holder], sequence: UInt64 = 0, locked: [String: NetworkLock] = [:]
  ) -> GatewayCredentials {
    let key = HashKey.random()
    let clients = holders.map { holder in
      Client(
        name: holder.name, scopes: holder.scopes,
        tokens: [.init(key.hash(of: holder.token), until: holder.until)])
    }
    return GatewayCredentials(key: key, clients: clients, sequence: sequence, locked: locked)
  }
}

extension HashKey {
  func hash(of token: String) -> KeyedHash {
    KeyedHash(of: SecretValue(copying: Array(token.utf8)), key: self)
  }
}
