// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What a channel received at once, and where it stands afterwards: stored together or not at all.
public struct ChannelReceipt: Sendable, Codable, Equatable {
  public let channel: String
  /// At most ``limit``.
  public let messages: [InboundMessage]
  /// Where the next poll goes on; `nil` leaves it.
  public let cursor: String?

  public static let limit = 200

  public init(channel: String, messages: [InboundMessage], cursor: String? = nil) {
    (self.channel, self.messages, self.cursor) = (channel, messages, cursor)
  }
}

/// Why a request to a channel was not taken. Told to operators; whoever sent it is told nothing but
/// that it was refused.
public enum ChannelRefusal: String, Error, Sendable, Codable, CaseIterable {
  /// What proves the sender is missing.
  case unsigned
  /// It does not fit.
  case forged
  /// Its time is not now.
  case stale
  /// It belongs to another account.
  case wrongTenant = "wrong-tenant"
  case oversized
  /// It is authentic, and not what the platform sends.
  case malformed
}
