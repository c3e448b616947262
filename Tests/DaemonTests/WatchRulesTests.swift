// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing
import Timeline

@testable import Daemon

/// When figures are an alert.
struct WatchRulesTests {
  private func signals(
    _ spec: MonitoringSpec = MonitoringSpec(), _ change: (inout WatchFigures) -> Void
  ) -> [Signal] {
    var figures = WatchFigures()
    change(&figures)
    return WatchRules(spec: spec).findings(figures).map(\.signal)
  }

  @Test("counts alert from their threshold on, and not below it")
  func counts() {
    #expect(signals { $0.unknownSenders = 29 } == [])
    #expect(signals { $0.unknownSenders = 30 } == [.unknownSenders])
    #expect(signals { $0.authFailures = 30 } == [.authFailures])
    #expect(signals { $0.highRiskAttempts = 10 } == [.highRiskAttempts])
    var off = MonitoringSpec()
    (off.unknownSenders, off.authFailures) = (Count(0), Count(0))
    #expect(signals(off) { ($0.unknownSenders, $0.authFailures) = (1_000, 1_000) } == [])
  }

  @Test("tokens are compared with the days before; a young host with the floor")
  func tokens() {
    #expect(signals { $0.tokensToday = 300_000 } == [])
    #expect(signals { $0.tokensToday = 300_001 } == [.tokenSpike])
    #expect(
      signals { ($0.tokensToday, $0.tokensBefore) = (2_900_000, [1_000_000, 1_000_000]) } == [])
    #expect(
      signals { ($0.tokensToday, $0.tokensBefore) = (3_000_001, [1_000_000, 1_000_000]) }
        == [.tokenSpike])
    // A quiet host with a few tokens a day is measured by the floor too.
    #expect(signals { ($0.tokensToday, $0.tokensBefore) = (90_000, [10, 20]) } == [])
    #expect(signals { ($0.tokensToday, $0.tokensBefore) = (.max, [.max, .max]) } == [.tokenSpike])
  }

  @Test("a normal week alerts nobody")
  func normalWeek() {
    for day in 0..<7 {
      let before = (0..<day).map { 40_000 + $0 * 9_000 }
      #expect(
        signals { figures in
          (figures.tokensToday, figures.tokensBefore) = (60_000 + day * 12_000, before)
          (figures.unknownSenders, figures.authFailures) = (3 + day, 2)
          figures.highRiskAttempts = 1
        } == [])
    }
  }
}
