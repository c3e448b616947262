// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What the holder of a token may do over HTTP.
public enum TokenScope: String, Sendable, Codable, Hashable, CaseIterable {
  /// Send messages and read their replies.
  case chat
  /// Read the appliance's status.
  case read
  /// Ask for a pass of the reconciler, decide about waiting calls, and on the dashboard read records,
  /// acknowledge alerts and contain.
  case operate
  /// Read the metrics.
  case scrape

  /// Of the token that `gateway.auth.token` names.
  public static let shared: Set<TokenScope> = [.chat, .read]
}
