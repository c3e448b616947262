// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
public import Backup
public import DurableIO
import Glibc
import Timeline

/// Restores a snapshot to a place of its own and looks at what came back.
public enum RestoredCheck {
  /// - Parameter paths: Where ``HostContents`` brought a snapshot back to.
  public static func run(_ manifest: BackupManifest, _ paths: AppliancePaths) -> [DrillEvidence
    .Check]
  {
    var results: [DrillEvidence.Check] = []
    func compare(_ name: String, _ expected: String, _ found: () throws -> String) {
      let text: String
      do { text = try found() } catch { text = ApplianceError.of(error).message }
      results.append(DrillEvidence.Check(name, expected: expected, found: text))
    }
    if let database = manifest.database {
      compare("timeline.intact", "intact") {
        try TimelineInspection.problem(path: paths.timelineFile, full: true) ?? "intact"
      }
      compare("timeline.rows", words(database.rows)) {
        words(try TimelineCapture.facts(path: paths.timelineFile).rows)
      }
      for end in ["-wal", "-shm", "-journal"] {
        compare("timeline\(end)", "absent") {
          access(paths.timelineFile + end, F_OK) == 0 ? "present" : "absent"
        }
      }
    }
    if manifest.files.contains(where: { $0.path.hasPrefix("state/audit/") }) {
      compare("audit.chain", "intact") {
        var verifier = AuditVerifier(
          AuditFiles(paths), publicKey: nil,
          anchors: (try TimelineInspection.anchors(path: paths.timelineFile) ?? [])
            + (manifest.audit.map { [$0] } ?? []))
        return try verifier.verify().isIntact ? "intact" : "damaged"
      }
    }
    return results
  }

  private static func words(_ rows: [String: Int]) -> String {
    rows.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
