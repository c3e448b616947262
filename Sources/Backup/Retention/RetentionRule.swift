// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// A snapshot, as far as retention looks at it.
public struct RetainedSnapshot: Sendable, Equatable {
  public let sequence: Int
  public let time: Date
  /// Of all its files. Bytes.
  public let size: Int
  /// Of its database, over all tables.
  public let rows: Int

  public init(sequence: Int, time: Date, size: Int, rows: Int) {
    (self.sequence, self.time, self.size, self.rows) = (sequence, time, size, rows)
  }

  init(_ manifest: BackupManifest, _ head: BackupHead) {
    self.init(
      sequence: head.sequence, time: head.time, size: manifest.size,
      rows: manifest.database?.rows.values.reduce(0, +) ?? 0)
  }
}

/// The most that was in snapshots since somebody was last content with less: carried from prune to
/// prune, so that a little less each time adds up.
struct RetentionBaseline: Codable, Sendable, Equatable {
  /// Of all files. Bytes.
  let size: Int
  /// Of the database.
  let rows: Int
  /// Snapshots of a higher number count.
  let since: Int

  static let none = RetentionBaseline(size: 0, rows: 0, since: 0)

  /// With what is in snapshots now.
  func grown(by snapshots: [RetainedSnapshot]) -> RetentionBaseline {
    let counted = snapshots.filter { $0.sequence > since }
    return RetentionBaseline(
      size: counted.reduce(size) { max($0, $1.size) },
      rows: counted.reduce(rows) { max($0, $1.rows) }, since: since)
  }

  func since(_ sequence: Int) -> RetentionBaseline {
    RetentionBaseline(size: size, rows: rows, since: sequence)
  }

  func isShrunk(_ snapshot: RetainedSnapshot) -> Bool {
    snapshot.size < size / 2 || snapshot.rows < rows / 2
  }
}

/// What becomes of a snapshot, and why.
public struct RetentionDecision: Sendable, Codable, Equatable {
  public let sequence: Int
  public let time: Date
  /// Why it is kept; none of one that is forgotten.
  public let reasons: [String]

  public var isKept: Bool { !reasons.isEmpty }

  /// Kept although the rule would not.
  var frozen: RetentionDecision {
    RetentionDecision(sequence: sequence, time: time, reasons: ["frozen"])
  }
}

/// How many snapshots are kept: the newest ones, and one of each of the newest hours, days, weeks,
/// months and years (UTC; weeks of ISO 8601).
///
/// Of a period its first snapshot is kept: what comes later, with whatever time it claims, displaces
/// none. Times that cannot be count for no period, and what has one is kept.
public struct RetentionRule: Sendable, Equatable {
  public enum Period: String, CaseIterable, Sendable {
    case hourly
    case daily
    case weekly
    case monthly
    case yearly

    /// When the period began that a time is in.
    func start(of time: Date, in calendar: Calendar) -> Date {
      let unit: Calendar.Component =
        switch self {
        case .hourly: .hour
        case .daily: .day
        case .weekly: .weekOfYear
        case .monthly: .month
        case .yearly: .year
        }
      return calendar.dateInterval(of: unit, for: time)?.start ?? time
    }
  }

  /// Weeks begin on Mondays.
  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    calendar.firstWeekday = 2
    calendar.minimumDaysInFirstWeek = 4
    return calendar
  }()

  public var last: Int
  public var periods: [Period: Int]

  public init(last: Int, periods: [Period: Int]) {
    (self.last, self.periods) = (max(1, last), periods)
  }

  /// - Parameters:
  ///   - snapshots: Oldest first, by their number: not by what time they claim.
  ///   - verified: The newest snapshot of which everything was read back; later ones are kept, and all
  ///     when there is none.
  ///   - broken: Snapshots that were found not to be whole: they take no other one's place.
  /// - Returns: One decision for each.
  public func decide(
    _ snapshots: [RetainedSnapshot], verified: Int?, broken: Set<Int> = [], now: Date
  ) -> [RetentionDecision] {
    let all = decide(snapshots, verified, now)
    guard !broken.isEmpty else { return all }
    let whole = snapshots.filter { !broken.contains($0.sequence) }
    let besides = Dictionary(
      uniqueKeysWithValues: decide(whole, verified, now).map { ($0.sequence, $0.reasons) })
    return all.map { decision in
      let more = (besides[decision.sequence] ?? []).filter { !decision.reasons.contains($0) }
      return RetentionDecision(
        sequence: decision.sequence, time: decision.time, reasons: decision.reasons + more)
    }
  }

  private func decide(
    _ snapshots: [RetainedSnapshot], _ verified: Int?, _ now: Date
  ) -> [RetentionDecision] {
    var reasons: [Int: [String]] = [:]
    func keep(_ snapshot: RetainedSnapshot, _ why: String) {
      reasons[snapshot.sequence, default: []].append(why)
    }
    for snapshot in snapshots.suffix(last) { keep(snapshot, "last") }
    for snapshot in snapshots where snapshot.sequence > verified ?? 0 {
      keep(snapshot, "not verified")
    }
    if let newest = snapshots.last(where: { $0.sequence <= verified ?? 0 }) {
      keep(newest, "last verified")
    }
    let latest = now.addingTimeInterval(BackupRecord.clockTolerance)
    for snapshot in snapshots where snapshot.time > latest { keep(snapshot, "time to come") }
    let timely = snapshots.filter { $0.time <= latest }
    for period in Period.allCases {
      guard let count = periods[period], count > 0 else { continue }
      var firsts: [Date: RetainedSnapshot] = [:]
      for snapshot in timely {
        let start = period.start(of: snapshot.time, in: Self.calendar)
        if firsts[start] == nil { firsts[start] = snapshot }
      }
      for start in firsts.keys.sorted().suffix(count) {
        if let first = firsts[start] { keep(first, period.rawValue) }
      }
    }
    return snapshots.map {
      RetentionDecision(
        sequence: $0.sequence, time: $0.time, reasons: reasons[$0.sequence] ?? [])
    }
  }
}
