// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Platforms of chat channels. `web` is `POST /chat` with a `sender`.
public enum ChannelType: String, Sendable, Codable, Hashable, CaseIterable {
  case web
  case slack
  case telegram
  case teams
  case whatsapp
  case matrix
  case webhook

  /// Whether a channel of this type has an account of its own on a platform.
  public var hasAccount: Bool { self != .web }
}

/// One account on a chat platform, without its secrets. A channel is one account: nothing is
/// inherited from another.
public struct ChannelRoute: Sendable, Codable, Equatable {
  /// The channel's name in the desired state.
  public let name: String
  public let type: ChannelType
  /// Address of the platform's API; `nil` for the platform's own.
  public let baseURL: String?
  /// The account's own id: a Slack app, a WhatsApp phone number, a Matrix user.
  public let account: String?
  /// What the account belongs to: a Slack team, a WhatsApp business account.
  public let tenant: String?
  /// Where a webhook channel sends replies; `nil` for nowhere.
  public let replyURL: String?

  public init(
    name: String, type: ChannelType, baseURL: String? = nil, account: String? = nil,
    tenant: String? = nil, replyURL: String? = nil
  ) {
    (self.name, self.type, self.baseURL) = (name, type, baseURL)
    (self.account, self.tenant, self.replyURL) = (account, tenant, replyURL)
  }

  /// The client that delivers what arrives on it.
  public var client: String { Self.clientPrefix + name }

  public static let clientPrefix = "channel:"

  /// TCP ports of the addresses that the channel connects to.
  public var ports: [UInt16] {
    let addresses = [baseURL, replyURL].compactMap(\.self)
    let platform: [UInt16] = baseURL == nil && type != .webhook ? [443] : []
    return platform + addresses.compactMap(Self.port)
  }

  private static func port(_ address: String) -> UInt16? {
    let isSecure = address.hasPrefix("https://")
    let authority = address.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
    let host = authority.hasPrefix("[") ? authority.drop { $0 != "]" } : authority
    guard let colon = host.lastIndex(of: ":") else { return isSecure ? 443 : 80 }
    return UInt16(host[host.index(after: colon)...])
  }

  public var json: JSONValue {
    var members: [String: JSONValue] = ["name": .string(name), "type": .string(type.rawValue)]
    let optional = [
      ("baseURL", baseURL), ("account", account), ("tenant", tenant), ("replyURL", replyURL),
    ]
    for case (let key, let value?) in optional { members[key] = .string(value) }
    return .object(members)
  }
}

/// How a channel's account is, by what it itself last saw of its platform.
public struct ChannelReport: Sendable, Codable, Equatable {
  public let name: String
  public let isHealthy: Bool
  /// Whether the platform knew the account since the channel started with its present settings.
  public let isProven: Bool
  /// Waiting does not help: the platform refuses the account, or the settings cannot be.
  public let isFinal: Bool
  /// What is wrong; `nil` where nothing is.
  public let message: String?

  public init(
    name: String, isHealthy: Bool, isProven: Bool, isFinal: Bool = false, message: String? = nil
  ) {
    (self.name, self.isHealthy, self.isProven) = (name, isHealthy, isProven)
    (self.isFinal, self.message) = (isFinal, message)
  }
}

extension ChannelRoute {
  /// The form in which access lists know a sender of this channel: a platform's id says nothing
  /// without its platform, since two platforms may give the same one. Byte by byte, never a name.
  ///
  /// | type | form |
  /// |---|---|
  /// | web | the id |
  /// | slack | `slack:TEAM/ID` |
  /// | webhook | `webhook:CHANNEL/ID` |
  /// | others | `TYPE:ID` |
  ///
  /// - Parameter tenant: The sender's own, where it is another than the channel's.
  public func sender(_ id: String, tenant other: String? = nil) -> String {
    switch type {
    case .web: id
    case .slack: "slack:\(other ?? tenant ?? "")/\(id)"
    case .webhook: "webhook:\(name)/\(id)"
    case .telegram, .teams, .whatsapp, .matrix: "\(type.rawValue):\(id)"
    }
  }

  /// An entry of the channel's own lists in that form; one that has it already stays.
  public func listed(_ entry: String) -> String {
    type != .web && entry.hasPrefix(type.rawValue + ":") ? entry : sender(entry)
  }
}
