// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import Tomb

/// Keeps a channel's own secrets out of what its platform says: errors go to logs, records and alerts,
/// and platforms quote the token that they refuse.
struct ChannelScreen: Sendable {
  /// Unicode scalars of a text that are kept.
  static let limit = 300

  private let tripwire: SecretTripwire

  init(_ secrets: ChannelSecrets) {
    let named = [
      ("signing", secrets.signing), ("verify", secrets.verify), ("token", secrets.token),
    ]
    tripwire = SecretTripwire(
      secrets: named.compactMap { name, secret in secret.map { (name, $0) } })
  }

  func screened(_ failure: DeliveryFailure) -> DeliveryFailure {
    let words =
      holdsSecret(failure.message)
      ? "what the platform says is withheld: it held a secret of the channel"
      : Self.short(failure.message)
    return DeliveryFailure(failure.class, words, retryAfter: failure.retryAfter)
  }

  /// What a channel says of itself, which can quote names from outside.
  func screened(remark: String?) -> String? { screened(id: remark) }

  /// What a platform calls what was sent; `nil` where that holds a secret.
  func screened(id: String?) -> String? {
    id.flatMap { holdsSecret($0) ? nil : Self.short($0) }
  }

  private func holdsSecret(_ text: String) -> Bool { !tripwire.find(in: text).isEmpty }

  /// Whoever shows it escapes it again: backslashes stay as they are.
  private static func short(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(limit).map { VisibleText.isInvisible($0) ? "\u{FFFD}" : $0 }))
  }
}
