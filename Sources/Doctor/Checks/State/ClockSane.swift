// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DurableIO
import FoundationEssentials
import Glibc

extension Check {
  /// Expiries, the order of records and the age of tokens mean nothing on a clock that went back.
  static let clockSane = Check(
    "clock.sane", "The clock is not behind what was recorded", .medium,
    reference: "runbook 1.5", remedy: "set the clock; timedatectl set-ntp true",
    detect: { host in
      var findings = Findings()
      for moment in [ClockReading.release] + (try ClockReading.recorded(host))
      where moment.isAfter(host.now) {
        findings.add(
          .fail,
          "the clock says \(host.now.formatted(.iso8601)); \(moment.what) "
            + moment.at.formatted(.iso8601))
      }
      return findings.verdict(
        otherwise: "\(host.now.formatted(.iso8601)) is after what was recorded")
    })
}

/// A moment that has passed.
private struct ClockReading {
  let at: Date
  let what: String

  /// What is recorded while the check runs is no step of the clock. Seconds.
  private static let tolerance: TimeInterval = 300

  /// No release of this program is older: 2026-01-01.
  static let release = ClockReading(
    at: Date(timeIntervalSince1970: 1_767_225_600), what: "this program is from after")

  func isAfter(_ now: Date) -> Bool { at.timeIntervalSince(now) > Self.tolerance }

  static func recorded(_ host: Host) throws -> [ClockReading] {
    let record = try AuditInspection.look(at: host.trail.files)?.newest.map {
      ClockReading(at: $0, what: "the newest audit record is from")
    }
    let commits = try accepted(host.paths).values.max().map {
      ClockReading(at: $0, what: "a commit was accepted at")
    }
    return try [record, commits].compactMap { $0 } + files(host.paths)
  }

  /// Of `source-trust.json`, when each commit was received.
  private struct Trust: Decodable {
    let received: [String: Date]
  }

  private static func accepted(_ paths: AppliancePaths) throws -> [String: Date] {
    guard let bytes = try DurableFile.readIfPresent(paths.sourceTrust, limit: 8 << 20) else {
      return [:]
    }
    return try ApplianceJSON.decode(Trust.self, from: bytes).received
  }

  private static func files(_ paths: AppliancePaths) throws -> [ClockReading] {
    let own = [
      paths.timelineFile, paths.renderedConfiguration, paths.appliedState, paths.loopState,
      paths.history, paths.sourceTrust, paths.tombEntries, paths.tombRecord, paths.auditAnchor,
    ]
    return try own.compactMap { path in
      var status = stat()
      guard lstat(path, &status) == 0 else {
        guard errno == ENOENT || errno == ENOTDIR else {
          throw ApplianceError.system("examine", path)
        }
        return nil
      }
      let changed = Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
      return ClockReading(at: changed, what: "\(path) was changed at")
    }
  }
}
