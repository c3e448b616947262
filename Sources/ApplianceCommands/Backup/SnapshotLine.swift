// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import Foundation

/// A snapshot in a list.
struct SnapshotLine: Encodable {
  let sequence: Int
  let finished: Date
  let appliance: String?
  let commit: String?
  let files: Int
  let size: Int
  let skipped: Int
  /// Files that were brought back of it; `nil` in a list.
  let restored: Int?

  init(_ manifest: BackupManifest, restored: Int? = nil) {
    self.restored = restored
    (sequence, finished) = (manifest.sequence, manifest.finished)
    (appliance, commit) = (manifest.appliance, manifest.commit)
    (files, size) = (manifest.files.count, manifest.size)
    skipped = manifest.skipped.count
  }

  var text: String {
    "\(sequence)  \(finished.ISO8601Format())  \(VisibleText.escape(appliance ?? "-"))  "
      + "\(VisibleText.escape(String((commit ?? "-").prefix(12))))  \(files) files  \(ByteText.of(size))"
      + (skipped > 0 ? "  \(skipped) left out" : "")
  }
}

/// Sizes for people.
enum ByteText {
  static func of(_ bytes: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 1_024, unit < units.count - 1 { (value, unit) = (value / 1_024, unit + 1) }
    let tenths = Int((value * 10).rounded())
    return unit == 0 ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}
