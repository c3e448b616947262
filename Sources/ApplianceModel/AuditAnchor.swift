// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// Where an audit log stood after one of its seals: remembered apart from the log, so that an older
/// copy of it, and another log in its place, are told.
public struct AuditAnchor: Sendable, Codable, Equatable {
  /// Public key of the log's first seal: which log it is. 64 hexadecimal digits.
  public let origin: String
  /// Lines, the seal among them.
  public let size: UInt64
  /// Number of the next seal.
  public let epoch: UInt64
  /// The hash of the chain that the next line names. 64 hexadecimal digits.
  public let chain: String
  /// Root of the hash tree over the lines. 64 hexadecimal digits.
  public let root: String
  /// When it was sealed, in whole seconds.
  public let at: Date

  public init(
    origin: String, size: UInt64, epoch: UInt64, chain: String, root: String, at: Date
  ) {
    (self.origin, self.size, self.epoch) = (origin, size, epoch)
    (self.chain, self.root, self.at) = (chain, root, at)
  }
}
