// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

@testable import Provenance

/// Verdicts in few words.
extension CommitVerifier {
  /// A commit under its own id.
  func verdict(
    on commit: [UInt8], paths: [String] = ["kafclaw.yaml"], receivedAt: Date = .received
  ) -> CommitVerdict {
    verdict(
      on: CommitEvidence(
        id: ObjectID.commit(commit), bytes: commit, changedPaths: paths, receivedAt: receivedAt))
  }
}

extension CommitVerdict {
  var reason: Reason? {
    if case .rejected(let reason, _) = self { return reason }
    return nil
  }

  var message: String {
    if case .rejected(_, let message) = self { return message }
    return ""
  }
}

extension Date {
  /// When the host of the tests received things: after ``String/person`` made them.
  static let received = Date(timeIntervalSince1970: 1_750_000_100)

  static func days(_ count: Double, after date: Date = .received) -> Date {
    date.addingTimeInterval(count * 86_400)
  }
}
