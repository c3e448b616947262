// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import GRDB

extension TimelineStore {
  /// A leased turn as it is recorded: what is decided about it rests on this, not on what its worker
  /// says.
  ///
  /// - Throws: `timeline.lease-lost` when `worker` does not hold the message any more.
  public func work(_ id: MessageID, by worker: String) async throws -> Work {
    try await commits.perform { db in
      let row = try db.row(
        "SELECT * FROM inbound WHERE id = ? AND state = 'processing' AND lease = ?",
        [id.rawValue, worker])
      guard let row else {
        throw ApplianceError(.leaseLost, "message \(id.rawValue) is not leased to \(worker)")
      }
      return try WorkRows.work(row, in: db)
    }
  }
}
