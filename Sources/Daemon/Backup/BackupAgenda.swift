// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import DesiredState
import Foundation
import SodiumCrypto

/// When backups and checks are due. What was missed is done once.
struct BackupAgenda {
  let spec: BackupSpec
  let record: BackupRecord
  /// Different on every host: they do not all begin at once.
  let seed: String

  /// What has a schedule, in the order in which it is done.
  private static let deeds: [BackupRecord.Deed] = [.create, .verify]

  /// - Returns: What is to be done at a time, in this order.
  func due(at now: Date) -> [BackupRecord.Deed] {
    Self.deeds.filter { deed in
      next(deed).map { $0.start <= now } ?? false
    }
  }

  /// The first point of a schedule that no run has served yet, and when its run begins; `nil` without
  /// a schedule, or while it is not known since when that is in force.
  func next(_ deed: BackupRecord.Deed) -> (point: Date, start: Date)? {
    guard let schedule = schedule(deed), let since = record.points[deed.rawValue],
      let point = schedule.next(after: since, in: spec.timeZone.zone)
    else { return nil }
    return (point, point.addingTimeInterval(Double(delay(deed, point))))
  }

  /// When the next run begins; `nil` when none does.
  var start: Date? { Self.deeds.compactMap { next($0)?.start }.min() }

  /// Deeds with a schedule of which it is not known since when it is in force.
  var unseen: [BackupRecord.Deed] {
    Self.deeds.filter {
      schedule($0) != nil && record.points[$0.rawValue] == nil
    }
  }

  /// The last point that has come by a time, or the time itself when that is long ago: a run then serves
  /// it, and those before it.
  func served(_ deed: BackupRecord.Deed, at now: Date) -> Date? {
    guard let schedule = schedule(deed), var point = next(deed)?.point, point <= now else {
      return nil
    }
    // What was missed over years is not counted point by point.
    guard now.timeIntervalSince(point) < 86_400 * 2 else { return now }
    while let later = schedule.next(after: point, in: spec.timeZone.zone), later <= now {
      point = later
    }
    return point
  }

  private func schedule(_ deed: BackupRecord.Deed) -> CronSchedule? {
    switch deed {
    case .create: spec.schedule
    case .verify: spec.verify.schedule
    case .prune, .drill: nil
    }
  }

  /// The same for one point on one host, whenever it is asked for. Seconds.
  private func delay(_ deed: BackupRecord.Deed, _ point: Date) -> Int {
    guard spec.jitter.seconds > 0 else { return 0 }
    let text = "\(seed)/\(deed.rawValue)/\(Int(point.timeIntervalSince1970))"
    let number = ContentHash.of(Array(text.utf8)).bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    return number % Int(spec.jitter.seconds)
  }
}
