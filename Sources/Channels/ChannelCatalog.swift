// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// A channel's settings or secrets cannot be used.
  public static let channelUnusable = Self("channel.unusable")
}

/// Makes channels from their settings.
public enum ChannelCatalog {
  /// - Throws: `channel.unusable`: without what proves the sender no channel begins.
  public static func channel(
    _ route: ChannelRoute, _ secrets: ChannelSecrets, client: PlatformClient
  ) throws -> any ChannelAdapter {
    switch route.type {
    case .webhook: try GenericWebhook(route, secrets, client)
    case .slack: try SlackChannel(route, secrets, client)
    case .telegram: try TelegramChannel(route, secrets, client)
    case .whatsapp: try WhatsAppChannel(route, secrets, client)
    case .matrix: try MatrixChannel(route, secrets, client)
    case .web, .teams:
      throw ApplianceError(
        .channelUnusable,
        "channel \"\(route.name)\": type \"\(route.type.rawValue)\" has no account")
    }
  }

  /// Whether the platform of this type sends requests; the others are asked.
  public static func takesRequests(_ type: ChannelType) -> Bool {
    switch type {
    case .webhook, .slack, .whatsapp: true
    case .telegram, .matrix, .web, .teams: false
    }
  }

  /// A secret of a channel, fit for what it is used for.
  static func need(
    _ secret: SecretValue?, _ field: String, _ route: ChannelRoute, least: Int = 8,
    isHeader: Bool = true
  ) throws -> SecretValue {
    guard let secret, secret.count >= least else {
      throw ApplianceError(
        .channelUnusable,
        "channel \"\(route.name)\": \(field) is \(secret == nil ? "not set" : "too short")",
        hint: "set channels.\(route.name).\(field); without it nobody can be told from others")
    }
    let isText = secret.withBytes { $0.allSatisfy { (0x21...0x7E).contains($0) } }
    guard isText || !isHeader, secret.count <= 8 << 10 else {
      throw ApplianceError(
        .channelUnusable, "channel \"\(route.name)\": \(field) is not one line of text",
        hint: "store it again without spaces and line ends")
    }
    return secret
  }

  static func need(_ text: String?, _ field: String, _ route: ChannelRoute) throws -> String {
    guard let text, !text.isEmpty else {
      throw ApplianceError(
        .channelUnusable, "channel \"\(route.name)\": \(field) is not set",
        hint: "set channels.\(route.name).\(field)")
    }
    return text
  }
}
