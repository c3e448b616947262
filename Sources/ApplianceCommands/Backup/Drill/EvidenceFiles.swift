// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import DurableIO
import Foundation
import Glibc

/// Where evidence is kept: one file for programs and one for people of each drill.
struct EvidenceFiles {
  private let folder: String

  init(_ folder: String) { self.folder = folder }

  /// Makes the folder, and sees that something can be written to it: a drill takes long.
  func prepare() throws {
    try PrivateFolder.create(folder)
    guard access(folder, W_OK | X_OK) == 0 else {
      let error = ApplianceError.system("write evidence to", folder)
      throw ApplianceError(
        error.code, error.message, hint: "name another folder with --evidence")
    }
  }

  func write(_ signed: SignedEvidence) throws -> (json: String, page: String) {
    let time = signed.evidence.finished.formatted(
      .iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
    // Two drills of one second are two files.
    let name =
      "\(folder)/drill-\(time)-\(signed.evidence.snapshot.number)-\(signed.signature.prefix(8))"
    try DurableFile.replace(name + ".json", with: try signed.bytes())
    try DurableFile.replace(name + ".html", with: Array(EvidencePage.html(signed).utf8))
    return (name + ".json", name + ".html")
  }
}

/// Evidence for a terminal.
enum EvidenceText {
  static func lines(_ evidence: DrillEvidence) -> [String] {
    let snapshot = evidence.snapshot
    let wrong = evidence.checks.filter { !$0.isRight }.map { check in
      "wrong: \(VisibleText.escape(check.name)): expected \(VisibleText.escape(check.expected)), found "
        + VisibleText.escape(check.found)
    }
    return [
      "snapshot \(snapshot.number) of \(VisibleText.escape(snapshot.appliance ?? "-")), made "
        + "\(snapshot.finished.formatted(.iso8601)), \(ByteText.of(snapshot.size))",
      "opened by "
        + (evidence.isByRecoveryKey ? "the recovery key" : "the key of this host's tomb"),
    ] + evidence.substitutions.map { "substituted: \(VisibleText.escape($0))" }
      + evidence.phases.map {
        "\(VisibleText.escape($0.name)): \(DurationText.of($0.milliseconds))"
      }
      + wrong + evidence.missing.map { "not looked at: \($0)" }
      + [
        (evidence.isPassed ? "passed" : "failed")
          + ": \(evidence.checks.filter(\.isRight).count) of \(evidence.checks.count) checks, back in "
          + "\(DurationText.of(evidence.recoveryMilliseconds)), "
          + "\(DurationText.ofSeconds(evidence.ageSeconds)) old"
      ]
  }
}

/// Spans of time for people.
enum DurationText {
  static func ofSeconds(_ seconds: Int) -> String {
    of(min(max(0, seconds), Int.max / 1_000) * 1_000)
  }

  static func of(_ milliseconds: Int) -> String {
    switch milliseconds {
    case ..<1_000: "\(milliseconds) ms"
    case ..<60_000: "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s"
    case ..<3_600_000: "\(milliseconds / 60_000) min \(milliseconds / 1_000 % 60) s"
    case ..<172_800_000: "\(milliseconds / 3_600_000) h \(milliseconds / 60_000 % 60) min"
    default: "\(milliseconds / 86_400_000) days"
    }
  }
}
