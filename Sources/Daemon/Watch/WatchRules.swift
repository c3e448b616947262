// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Timeline

/// What figures say against the declared thresholds. Pure.
struct WatchRules: Sendable {
  struct Finding: Sendable, Equatable {
    let signal: Signal
    var subject = ""
    let message: String
  }

  let spec: MonitoringSpec

  func findings(_ figures: WatchFigures) -> [Finding] {
    var found: [Finding] = []
    func compare(_ signal: Signal, _ count: Int, _ limit: Count, _ what: String) {
      // 0 switches a watch off.
      guard limit.value > 0, count >= limit.value else { return }
      found.append(
        Finding(
          signal: signal, message: "\(count) \(what) within an hour (monitoring: \(limit.value))"))
    }
    compare(
      .unknownSenders, figures.unknownSenders, spec.unknownSenders, "messages of unknown senders")
    compare(.authFailures, figures.authFailures, spec.authFailures, "failed authentications")
    if spec.authFailures.value > 0, figures.lockouts > 1,
      figures.authFailures < spec.authFailures.value
    {
      found.append(
        Finding(
          signal: .authFailures,
          message: "networks were locked out \(figures.lockouts) times within an hour"))
    }
    compare(
      .highRiskAttempts, figures.highRiskAttempts, spec.highRiskAttempts,
      "high-risk calls that were refused")
    if let spike = spike(figures) { found.append(spike) }
    return found
  }

  /// Today against the mean of the seven days before. A young host, and a quiet one, is measured by the
  /// floor.
  private func spike(_ figures: WatchFigures) -> Finding? {
    let percent = spec.tokenSpikePercent.value
    guard percent > 0 else { return nil }
    let days = figures.tokensBefore
    let mean = days.isEmpty ? 0 : days.reduce(0) { $0 &+ min($1, 1 << 40) } / days.count
    let usual = max(mean, spec.tokenFloor.value)
    let (limit, isHuge) = usual.multipliedReportingOverflow(by: percent)
    guard !isHuge, figures.tokensToday > limit / 100 else { return nil }
    return Finding(
      signal: .tokenSpike,
      message: "\(figures.tokensToday) tokens today; usual are \(usual) a day "
        + "(monitoring.tokenSpikePercent: \(percent))")
  }
}
