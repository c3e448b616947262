// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import GRDB

/// The access rows that decide on a message, read in the transaction that stores it.
enum AccessRows {
  enum Verdict {
    case admitted(SenderTier)
    case denied(Admission.Denial)
  }

  /// The client of `kafclaw chat`, authenticated by the control socket's file mode.
  static let operatorClient = "operator"

  static func verdict(on message: InboundMessage, in db: Database) throws -> Verdict {
    guard let sender = message.sender else {
      return .admitted(message.client == operatorClient ? .owner : .internal)
    }
    let policy = try String.fetchOne(
      db, sql: "SELECT policy FROM channel_policy WHERE channel = ?", arguments: [message.channel])
    switch policy {
    case nil: return .denied(.unknownSender)
    case "disabled": return .denied(.channelDisabled)
    default: break
    }
    let tier = try String.fetchOne(
      db, sql: "SELECT tier FROM sender_tier WHERE sender = ?", arguments: [sender])
    if let tier { return .admitted(SenderTier(rawValue: tier) ?? .external) }
    let isListed = try Bool.fetchOne(
      db,
      sql: "SELECT EXISTS (SELECT 1 FROM channel_sender WHERE channel = ? AND sender = ?)",
      arguments: [message.channel, sender])
    return isListed == true || policy == "open" ? .admitted(.external) : .denied(.unknownSender)
  }

  static func recordDenial(
    of message: InboundMessage, reason: Admission.Denial, at now: Date, in db: Database
  ) throws {
    try db.execute(
      sql: "INSERT INTO denial (at, channel, client, sender, reason) VALUES (?, ?, ?, ?, ?)",
      arguments: [
        now.timeIntervalSince1970, message.channel, message.client, message.sender,
        reason.rawValue,
      ])
  }
}
