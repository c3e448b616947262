// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Testing

@testable import Daemon

struct DashboardSessionTests {
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  @Test("a code is good once, and for five minutes")
  func codes() {
    let sessions = DashboardSessions()
    let code = sessions.makeCode(for: "operator:0", at: start)
    #expect(code.utf8.count == 64)
    #expect(sessions.take(code: "x", at: start) == nil)
    #expect(sessions.take(code: code, at: start) == "operator:0")
    #expect(sessions.take(code: code, at: start) == nil)
    let late = sessions.makeCode(for: "operator:0", at: start)
    #expect(sessions.take(code: late, at: start + 300) == nil)
    // A clock that was set back.
    let early = sessions.makeCode(for: "operator:0", at: start)
    #expect(sessions.take(code: early, at: start - 1) == nil)
  }

  @Test("a session ends without use, and in any case after eight hours")
  func ends() {
    let sessions = DashboardSessions()
    let idle = sessions.begin("operator:0", scopes: nil, at: start)
    #expect(sessions.session(idle, at: start + 1_799)?.isOperator == true)
    #expect(sessions.session(idle, at: start + 1_799 + 1_800) == nil)
    #expect(sessions.session(idle, at: start) == nil)
    let busy = sessions.begin("client:ci", scopes: [.read], at: start)
    for minute in 1..<480 {
      #expect(sessions.session(busy, at: start + Double(minute) * 60)?.actor == "client:ci")
    }
    #expect(sessions.session(busy, at: start + 8 * 3_600) == nil)
    let ended = sessions.begin("client:ci", scopes: [.read], at: start)
    #expect(sessions.session(ended, at: start)?.may(.operate) == false)
    sessions.end(ended)
    #expect(sessions.session(ended, at: start) == nil)
  }

  @Test("there are never more than a few")
  func bounds() {
    let sessions = DashboardSessions()
    let first = sessions.begin("operator:0", scopes: nil, at: start)
    let code = sessions.makeCode(for: "operator:0", at: start)
    for second in 1...DashboardSessions.limit {
      _ = sessions.begin("client:\(second)", scopes: [.read], at: start + Double(second))
      _ = sessions.makeCode(for: "operator:0", at: start + Double(second))
    }
    let later = start + Double(DashboardSessions.limit)
    #expect(sessions.session(first, at: later) == nil)
    let own = sessions.begin("operator:0", scopes: nil, at: later)
    for _ in 0..<20 { _ = sessions.begin("client:many", scopes: [.read], at: later) }
    #expect(sessions.session(own, at: later) != nil)
    #expect(sessions.take(code: code, at: later) == nil)
  }
}
