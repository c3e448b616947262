// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What a check finds, while it looks at several things; the worst decides.
struct Findings {
  /// Of many findings so many are named.
  static let shown = 30

  private var status = Verdict.Status.pass
  private(set) var evidence: [String] = []

  mutating func add(_ status: Verdict.Status, _ evidence: String) {
    if Self.rank(status) > Self.rank(self.status) { self.status = status }
    self.evidence.append(evidence)
  }

  /// - Parameter otherwise: The evidence where nothing was found.
  func verdict(otherwise: @autoclosure () -> String, remedy: String? = nil) -> Verdict {
    guard !evidence.isEmpty else { return .pass(otherwise()) }
    return Verdict(status, Self.shortened(evidence), remedy: remedy)
  }

  static func shortened(_ evidence: [String]) -> [String] {
    guard evidence.count > shown else { return evidence }
    return evidence.prefix(shown) + ["and \(evidence.count - shown) more"]
  }

  private static func rank(_ status: Verdict.Status) -> Int {
    switch status {
    case .pass: 0
    case .warn: 1
    case .unknown: 2
    case .fail: 3
    }
  }
}
