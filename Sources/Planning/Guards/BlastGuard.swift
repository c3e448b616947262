// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How much one plan may delete before somebody must say that it is meant.
///
/// A mistyped name or an emptied folder looks like the wish to remove everything; the guard stops
/// that before the first deletion.
public struct BlastGuard: Sendable, Equatable {
  /// Deletions that are always ordinary.
  public let maximumDeletions: Int
  /// The part of all applied resources, 0 to 1, that may be deleted at once where that is more.
  public let maximumShare: Double
  /// Whether the last resources of a kind are kept, too.
  let keepsLast: Bool

  /// Values out of range count as the nearest one in it, a share that is no number as 0.
  public init(maximumDeletions: Int = 3, maximumShare: Double = 0.2) {
    self.init(maximumDeletions, maximumShare, keepsLast: true)
  }

  private init(_ maximumDeletions: Int, _ maximumShare: Double, keepsLast: Bool) {
    self.maximumDeletions = max(0, maximumDeletions)
    self.maximumShare = maximumShare.isNaN ? 0 : min(max(maximumShare, 0), 1)
    self.keepsLast = keepsLast
  }

  /// Nothing is guarded.
  public static let off = BlastGuard(.max, 1, keepsLast: false)

  /// The most deletions that need no acknowledgement on a host with this many applied resources.
  public func limit(applied: Int) -> Int {
    // 0.29 × 100 is a little under 29 in floating point.
    let share = (maximumShare * Double(applied) + 1e-6).rounded(.down)
    return max(maximumDeletions, Int(exactly: share) ?? maximumDeletions)
  }
}
