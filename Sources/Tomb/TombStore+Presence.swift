// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

extension TombStore {
  /// - Throws: `tomb.missing` where the key file is gone and entries, or the record of what the tomb
  ///   was, are still there: that is the loss of a tomb, and not a host without one.
  public func requireNotLost() throws {
    guard try !exists else { return }
    try files.requireNoEntries()
    guard try !files.isRecorded else {
      throw ApplianceError(
        .tombMissing, "the tomb of this host is gone: there is still the record of it",
        hint: "restore tomb.rr and the entries from a backup, or remove \(files.record)")
    }
  }
}
