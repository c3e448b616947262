// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How much harm a tool can do.
public enum ToolTier: String, Sendable, Codable, Hashable, CaseIterable, Comparable {
  /// As a ceiling: no tool at all. No tool has it.
  case none
  case read
  case write
  case highRisk = "high-risk"

  public static func < (one: ToolTier, other: ToolTier) -> Bool { one.rank < other.rank }

  private var rank: Int {
    switch self {
    case .none: 0
    case .read: 1
    case .write: 2
    case .highRisk: 3
    }
  }
}

/// How far a sender is trusted.
public enum SenderTier: String, Sendable, Codable, Hashable, CaseIterable, Comparable,
  CodingKeyRepresentable
{
  case owner
  case `internal`
  case external
  /// Admitted because a channel is open to everybody, and known to no list.
  case unknown

  /// Whether one is trusted less than the other.
  public static func < (one: SenderTier, other: SenderTier) -> Bool { one.rank < other.rank }

  private var rank: Int {
    switch self {
    case .unknown: 0
    case .external: 1
    case .internal: 2
    case .owner: 3
    }
  }
}
