// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// A consent that was given: everything but its secrets.
public struct OAuthAccount: Sendable, Codable, Equatable {
  public let issuer: OAuthIssuer
  public let client: String
  public let scopes: [String]
  public let since: Date
  /// When the access token ends; `nil` where nobody said.
  public let accessEnds: Date?
  /// Whether it can be renewed without asking anybody.
  public let isRenewable: Bool

  public init(
    issuer: OAuthIssuer, client: String, scopes: [String], since: Date, accessEnds: Date?,
    isRenewable: Bool
  ) {
    (self.issuer, self.client, self.scopes) = (issuer, client, scopes)
    (self.since, self.accessEnds, self.isRenewable) = (since, accessEnds, isRenewable)
  }
}

/// Where an account's parts lie in the tomb.
public struct OAuthEntries: Sendable {
  private let prefix: String
  public let provider: String
  public let profile: String

  /// - Throws: `oauth.refused` for names that are none.
  public init(provider: String, profile: String) throws {
    for name in [provider, profile] where !SkillName.isOne(name) {
      throw ApplianceError(
        .oauthRefused, "\"\(VisibleText.escape(String(name.prefix(64))))\" is no name",
        hint: "lower-case letters, digits and hyphens")
    }
    (self.provider, self.profile) = (provider, profile)
    prefix = "oauth/\(provider)/\(profile)/"
  }

  /// A consent that was asked for and not answered, with the secret of its client.
  public var pending: String { prefix + "pending" }
  /// What was given: the account and its tokens, changed together.
  public var tokens: String { prefix + "tokens" }
  /// The client's secret, where it has one: never beside the tokens in one entry.
  public var client: String { prefix + "client" }
}
