// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import HTTPTypes
public import SodiumCrypto

/// The clients a gateway knows: names and keyed hashes, no token.
public struct GatewayCredentials: Sendable, Codable {
  public struct Client: Sendable, Codable {
    public let name: String
    public let hash: KeyedHash

    public init(name: String, hash: KeyedHash) {
      self.name = name
      self.hash = hash
    }
  }

  /// The client of `kafclaw chat` on the same host.
  public static let operatorClient = "operator"

  let key: HashKey
  let clients: [Client]

  public init(key: HashKey, clients: [Client]) {
    self.key = key
    self.clients = clients
  }

  /// Whether somebody else than the local operator can authenticate.
  var hasRemoteClient: Bool { clients.contains { $0.name != Self.operatorClient } }

  /// The client whose token this is. Looks at every client, so that time tells nothing.
  func client(presenting token: String) -> String? {
    var found: String?
    for client in clients where client.hash.matches(Array(token.utf8), key: key) {
      found = client.name
    }
    return found
  }

  /// Reads `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
  func client(of fields: HTTPFields) -> String? {
    guard let value = fields[.authorization], fields[values: .authorization].count == 1 else {
      return nil
    }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 4_096 else {
      return nil
    }
    return client(presenting: String(parts[1]))
  }
}
