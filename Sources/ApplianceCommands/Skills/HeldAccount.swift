// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Skills

/// An account with its secrets: what is needed to use or end it.
struct HeldAccount {
  let account: OAuthAccount
  let access: SecretValue
  let refresh: SecretValue?
  /// The client's secret.
  let secret: SecretValue?

  init(
    account: OAuthAccount, access: SecretValue, refresh: SecretValue?, secret: SecretValue?
  ) {
    (self.account, self.access, self.refresh, self.secret) = (account, access, refresh, secret)
  }

  /// What a consent gave.
  init(_ grant: OAuthGrant, of pending: OAuthTomb.Pending) {
    let consent = pending.consent
    self.init(
      account: OAuthAccount(
        issuer: consent.issuer, client: consent.client, scopes: grant.scopes ?? consent.scopes,
        since: Date(), accessEnds: grant.accessEnds, isRenewable: grant.refresh != nil),
      access: grant.access, refresh: grant.refresh,
      secret: pending.secret.map { SecretValue(copying: $0) })
  }

  /// A server may give another refresh token, and takes the one before back then (RFC 9700, section 4.14).
  func renewed(by grant: OAuthGrant) -> Self {
    Self(
      account: OAuthAccount(
        issuer: account.issuer, client: account.client, scopes: grant.scopes ?? account.scopes,
        since: account.since, accessEnds: grant.accessEnds, isRenewable: true),
      access: grant.access, refresh: grant.refresh ?? refresh, secret: secret)
  }
}
