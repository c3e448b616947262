// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Skills

/// What is asked of authorization servers for an account.
enum OAuthExchange {
  static func exchange(
    _ code: SecretValue, for taken: OAuthTomb.Pending
  ) async throws -> OAuthGrant {
    let pending = taken.consent
    let (status, body) = try await OAuthClient.ask(
      pending.issuer.token, of: pending.issuer, client: pending.client,
      secret: taken.secret.map { SecretValue(copying: $0) },
      [
        ("grant_type", "authorization_code"), ("code", text(code)),
        ("redirect_uri", pending.redirect), ("code_verifier", pending.verifier),
      ])
    return try OAuthGrant(answer: body, status: status, at: Date())
  }

  static func refresh(_ held: HeldAccount) async throws -> OAuthGrant {
    guard let refresh = held.refresh else {
      throw ApplianceError(
        .oauthRefused, "there is no refresh token",
        hint: "kafclaw skills auth start PROVIDER")
    }
    let account = held.account
    let (status, body) = try await OAuthClient.ask(
      account.issuer.token, of: account.issuer, client: account.client, secret: held.secret,
      [("grant_type", "refresh_token"), ("refresh_token", text(refresh))])
    return try OAuthGrant(answer: body, status: status, at: Date())
  }

  /// - Returns: Why the provider did not take it back; `nil` when it did.
  static func revoke(_ held: HeldAccount) async -> String? {
    guard let address = held.account.issuer.revocation else {
      return "it has no way to be told (RFC 7009)"
    }
    var problem: String?
    for (token, kind) in [(held.refresh, "refresh_token"), (held.access, "access_token")] {
      guard let token else { continue }
      do {
        let (status, _) = try await OAuthClient.ask(
          address, of: held.account.issuer, client: held.account.client, secret: held.secret,
          [("token", text(token)), ("token_type_hint", kind)])
        if status != 200 { problem = "it answered \(status)" }
      } catch {
        problem = ApplianceError.of(error).message
      }
    }
    return problem
  }

  private static func text(_ secret: SecretValue) -> String {
    secret.withBytes { String(decoding: $0, as: UTF8.self) }
  }
}
