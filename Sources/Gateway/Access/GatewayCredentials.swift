// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Channels
public import FoundationEssentials
import HTTPTypes
public import SodiumCrypto

/// What a gateway must know to tell people apart: of its clients names, scopes and keyed hashes, no
/// token; of its chat channels the secrets themselves.
public struct GatewayCredentials: Sendable, Codable {
  public struct Client: Sendable, Codable {
    public let name: String
    public let scopes: Set<TokenScope>
    public let tokens: [Token]

    public init(name: String, scopes: Set<TokenScope>, tokens: [Token]) {
      (self.name, self.scopes, self.tokens) = (name, scopes, tokens)
    }
  }

  /// One token of a client.
  public struct Token: Sendable, Codable {
    public let hash: KeyedHash
    /// When it stops being accepted; `nil` for never.
    public let until: Date?

    public init(_ hash: KeyedHash, until: Date? = nil) {
      (self.hash, self.until) = (hash, until)
    }
  }

  /// The client of `kafclaw chat` on the same host.
  public static let operatorClient = "operator"

  let key: HashKey
  let clients: [Client]
  /// Orders credentials: those of an older reading never take the place of newer ones.
  let sequence: UInt64
  /// Source networks that are locked out, and until when.
  let locked: [String: NetworkLock]
  /// By channel and field of the desired state. What could not be resolved is not there.
  private let channels: [String: [String: [UInt8]]]?

  public init(
    key: HashKey, clients: [Client], sequence: UInt64 = 0, locked: [String: NetworkLock] = [:],
    channels: [String: [String: SecretValue]] = [:]
  ) {
    self.channels =
      channels.isEmpty ? nil : channels.mapValues { $0.mapValues { $0.withBytes(Array.init) } }
    (self.key, self.clients) = (key, clients)
    (self.sequence, self.locked) = (sequence, locked)
  }

  func secrets(of channel: String) -> ChannelSecrets {
    let fields = channels?[channel] ?? [:]
    func secret(_ field: String) -> SecretValue? { fields[field].map { SecretValue(copying: $0) } }
    return ChannelSecrets(
      signing: secret("signingSecret"), verify: secret("verifyToken"), token: secret("botToken"))
  }

  /// These, where they were read after others.
  func newer(than other: GatewayCredentials) -> GatewayCredentials? {
    sequence > other.sequence ? self : nil
  }

  /// Whether somebody else than the local operator can authenticate.
  func hasRemoteClient(at now: Date) -> Bool {
    clients.contains { client in
      client.name != Self.operatorClient && client.tokens.contains { Self.isValid($0, now) }
    }
  }

  /// The client whose token this is. Looks at every token, so that time tells nothing.
  public func client(presenting token: String, at now: Date) -> Client? {
    var found: Client?
    for client in clients {
      for known in client.tokens
      where known.hash.matches(Array(token.utf8), key: key) && Self.isValid(known, now) {
        found = client
      }
    }
    return found
  }

  private static func isValid(_ token: Token, _ now: Date) -> Bool {
    token.until.map { $0 > now } ?? true
  }
}

/// What a request says of who sends it (RFC 6750 §2.1).
enum PresentedToken: Equatable {
  /// No credentials.
  case none
  /// Credentials of another form, or several.
  case unreadable
  case bearer(String)

  static let limit = 4_096

  init(_ fields: HTTPFields) {
    let values = fields[values: .authorization]
    guard let value = values.first else {
      self = .none
      return
    }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard values.count == 1, parts.count == 2, parts[0].lowercased() == "bearer",
      parts[1].utf8.count <= Self.limit
    else {
      self = .unreadable
      return
    }
    self = .bearer(String(parts[1]))
  }
}
