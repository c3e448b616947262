// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB

extension TimelineStore {
  /// Stores one step of a leased turn; durable on return.
  ///
  /// - Throws: `timeline.lease-lost` when `worker` does not hold the message any more;
  ///   `model.malformed` for a call or a result at a place that has one.
  public func record(_ step: TurnStep, of id: MessageID, by worker: String) async throws {
    let text = try InboxRows.json(step)
    try await commits.perform { db in
      _ = try WorkRows.leased(id, by: worker, in: db)
      try WorkRows.requireNew(step, of: id, in: db)
      try WorkRows.append(text, to: id, in: db)
    }
  }

  /// Stores the reply and ends the turn: the message's one outbound, on its way from then on where
  /// its channel sends replies. Tokens that are still reserved
  /// for it count as used.
  ///
  /// - Parameter taint: Where text of the turn came from, its history included: later turns of the
  ///   session inherit it.
  /// - Throws: `timeline.lease-lost` when `worker` does not hold the message any more.
  public func finish(
    _ id: MessageID, by worker: String, reply: String, usage: TokenUsage,
    taint: Set<TaintSource> = [], at now: Date
  ) async throws {
    let (input, output) = (BudgetRows.clamped(usage.input), BudgetRows.clamped(usage.output))
    let words = try InboxRows.json(taint.map(\.rawValue).sorted())
    try await commits.perform { db in
      let row = try WorkRows.leased(id, by: worker, in: db)
      try db.run(
        """
        UPDATE inbound SET state = 'answered', lease = NULL, reply = ?, input_tokens = ?,
          output_tokens = ?, finished_at = ?, taint = ? WHERE id = ?
        """,
        [reply, input, output, now.timeIntervalSince1970, words, id.rawValue])
      try DeliveryRows.enqueueReply(to: id, at: now, in: db)
      try BudgetRows.settle(of: id, in: db)
      try FairQueue.leave(row, isQueued: false, in: db)
    }
  }
}

extension ApplianceError.Code {
  /// The message was leased to another worker in the meantime.
  public static let leaseLost = Self("timeline.lease-lost")
}
