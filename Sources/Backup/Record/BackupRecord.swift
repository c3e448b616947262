// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// What became of the backups of a host. Of each deed, for each repository and depth, the newest run of
/// each outcome is remembered: what is lesser, older or of elsewhere covers nothing.
public struct BackupRecord: Sendable, Codable, Equatable {
  /// What is done with a repository.
  public enum Deed: String, Sendable, Codable, CaseIterable {
    case create
    case prune
    case verify
    case drill
  }

  public enum Outcome: String, Sendable, Codable {
    case done
    case failed
    /// It was not begun, because something else kept it from that.
    case skipped
  }

  /// One run of a deed.
  public struct Run: Sendable, Codable, Equatable {
    public let deed: Deed
    public let at: Date
    public let outcome: Outcome
    /// The repository as people write it.
    public let address: String
    /// Its id, as far as it was known.
    public let repository: String?
    /// The snapshot that was made, or the newest one that was looked at.
    public var snapshot: Int?
    /// When that was made.
    public var snapshotTime: Date?
    /// Of a check: how much was looked at.
    public var level: String?
    /// Of a drill: whether the recovery key opened the repository.
    public var isByRecoveryKey: Bool?
    /// Of a check: snapshots that are not whole.
    public var broken: [Int] = []
    /// Of a check: packs that are not whole.
    public var damagedPacks: [String] = []
    /// What was done, or why not.
    public let words: String

    public init(
      _ deed: Deed, at: Date, _ outcome: Outcome, address: String, repository: String?,
      words: String
    ) {
      (self.deed, self.at, self.outcome) = (deed, at, outcome)
      (self.address, self.repository, self.words) = (address, repository, words)
    }

    /// Whether the other one is a newer run of the same.
    fileprivate func isCovered(by other: Run) -> Bool {
      deed == other.deed && address == other.address && repository == other.repository
        && level == other.level && isByRecoveryKey == other.isByRecoveryKey
        && outcome == other.outcome && at <= other.at
    }
  }

  /// Clocks of two hosts, or of one before and after it was set, may be so far apart. Seconds.
  public static let clockTolerance: TimeInterval = 300

  /// Runs that are remembered at most.
  private static let limit = 200

  public private(set) var runs: [Run] = []
  /// Points of schedules that are served, by deed.
  public var points: [String: Date] = [:]
  /// Runs for the next point that were begun and did not end, by deed.
  public var begun: [String: Int] = [:]

  public init() {}

  public mutating func note(_ run: Run, now: Date = Date()) {
    // A clock was ahead once: what it told must not cover what is told now.
    runs.removeAll {
      $0.deed == run.deed && $0.address == run.address
        && $0.at > now.addingTimeInterval(Self.clockTolerance)
    }
    runs.removeAll { $0.isCovered(by: run) }
    // An older one that comes later, as evidence may, is no news.
    if !runs.contains(where: { run.isCovered(by: $0) }) { runs.append(run) }
    runs.sort { $0.at < $1.at }
    if runs.count > Self.limit { runs.removeFirst(runs.count - Self.limit) }
  }

  /// The newest run of a deed.
  ///
  /// - Parameters:
  ///   - address: Of the repository; `nil` for any.
  ///   - outcomes: Which count.
  public func last(
    _ deed: Deed, at address: String? = nil,
    _ outcomes: Set<Outcome> = [.done, .failed, .skipped],
    where isWanted: (Run) -> Bool = { _ in true }
  ) -> Run? {
    runs.last {
      $0.deed == deed && (address == nil || $0.address == address)
        && outcomes.contains($0.outcome) && isWanted($0)
    }
  }

  /// The last check that read everything of a repository; `nil` when there was none.
  public func lastReading(of repository: String) -> Run? {
    last(.verify, [.done, .failed]) {
      $0.repository == repository && $0.isDeep && $0.snapshot != nil
    }
  }

  /// Packs that the last check found damaged.
  public func damagedPacks(of repository: String) -> Set<String> {
    Set(lastReading(of: repository)?.damagedPacks ?? [])
  }
}

extension BackupRecord.Run {
  /// Levels of checks, the least first.
  private static let levels = ["manifest", "data", "restore"]

  /// How much a check looked at, to be compared with others.
  public var depth: Int { level.flatMap { Self.levels.firstIndex(of: $0) } ?? 0 }

  /// Whether everything was read.
  public var isDeep: Bool { depth > 0 }
}
