// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO
import FoundationEssentials
import Reconciliation

/// The history file needs no running appliance.
enum HistoryReader {
  static func newest(_ count: Int, paths: AppliancePaths) throws -> [HistoryEntry] {
    try ReconcileHistory(paths).newest(count)
  }

  static func text(of date: Date) -> String { date.formatted(.iso8601) }
}
