// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
import DurableIO

/// The settings a gateway runs with, without secrets.
public struct GatewaySettings: Sendable, Codable, Equatable {
  public var host: String
  public var port: Int
  public var dashboardPort: Int
  /// Where the bearer token is kept; the gateway itself gets a keyed hash only.
  public var token: SecretReference?
  /// The accounts of its chat channels, by name.
  public var channels: [ChannelRoute]
  /// Where the secrets of the channels are kept, by channel and field; it gets them apart from its
  /// settings.
  public var channelSecrets: [String: [String: SecretReference]]

  public init(
    host: String, port: Int, dashboardPort: Int, token: SecretReference?,
    channels: [ChannelRoute] = [], channelSecrets: [String: [String: SecretReference]] = [:]
  ) {
    (self.channels, self.channelSecrets) = (channels, channelSecrets)
    self.host = host
    self.port = port
    self.dashboardPort = dashboardPort
    self.token = token
  }

  public init(spec: ApplianceSpec) {
    self.init(
      host: spec.gateway.host.text, port: spec.gateway.port.value,
      dashboardPort: spec.gateway.dashboardPort.value, token: spec.gateway.auth.token,
      channels: GatewayChannels.routes(spec), channelSecrets: GatewayChannels.secrets(spec))
  }

  /// The ports that its channels connect to.
  public var connectPorts: Set<UInt16> {
    Set(channels.flatMap(\.ports))
  }

  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "host": .string(host), "port": .integer(Int64(port)),
      "dashboardPort": .integer(Int64(dashboardPort)),
    ]
    if let token { members["token"] = .string(token.description) }
    if !channels.isEmpty {
      members["channels"] = .array(channels.map(\.json))
      members["channelSecrets"] = .object(
        channelSecrets.mapValues { .object($0.mapValues { .string($0.description) }) })
    }
    return .object(members)
  }
}

extension GatewaySettings {
  private enum CodingKeys: String, CodingKey {
    case host, port, dashboardPort, token, channels, channelSecrets
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      host: try fields.decode(String.self, forKey: .host),
      port: try fields.decode(Int.self, forKey: .port),
      dashboardPort: try fields.decode(Int.self, forKey: .dashboardPort),
      token: try fields.decodeIfPresent(SecretReference.self, forKey: .token),
      channels: try fields.decodeIfPresent([ChannelRoute].self, forKey: .channels) ?? [],
      channelSecrets: try fields.decodeIfPresent(
        [String: [String: SecretReference]].self, forKey: .channelSecrets) ?? [:])
  }

  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}

/// The chat channels that a gateway serves.
public enum GatewayChannels {
  /// By name. `web` needs no account.
  static func routes(_ spec: ApplianceSpec) -> [ChannelRoute] {
    served(spec).map { ChannelRoute($0.key, $0.value) }
  }

  static func secrets(_ spec: ApplianceSpec) -> [String: [String: SecretReference]] {
    Dictionary(
      uniqueKeysWithValues: served(spec).map { name, channel in
        let fields = [
          ("signingSecret", channel.signingSecret), ("verifyToken", channel.verifyToken),
          ("botToken", channel.botToken),
        ]
        return (
          name,
          Dictionary(
            uniqueKeysWithValues: fields.compactMap { key, value in value.map { (key, $0) } })
        )
      })
  }

  private static func served(_ spec: ApplianceSpec) -> [(key: String, value: ChannelSpec)] {
    spec.channels.filter { $0.value.type.hasAccount }.sorted { $0.key < $1.key }
  }
}
