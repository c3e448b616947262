// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How much harm a tool can do.
public enum ToolTier: String, Sendable, Codable, Hashable, CaseIterable, Comparable {
  case read
  case write
  case highRisk = "high-risk"

  public static func < (one: ToolTier, other: ToolTier) -> Bool { one.rank < other.rank }

  private var rank: Int {
    switch self {
    case .read: 0
    case .write: 1
    case .highRisk: 2
    }
  }
}

/// How far a sender is trusted.
public enum SenderTier: String, Sendable, Codable, Hashable, CaseIterable {
  case owner
  case `internal`
  case external
}
