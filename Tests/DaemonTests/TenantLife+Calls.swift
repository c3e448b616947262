// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing
import Timeline

@testable import Daemon

extension TenantLife {
  mutating func decide(
    _ call: ToolCall, of turn: inout TenantTurn, _ worker: String
  ) async throws {
    let expected = expectation(call, turn)
    switch try await bench.verdict(turn.id, call.index, worker) {
    case .permitted:
      #expect(expected == .permitted || expected == .byWord, "\(place)")
      if expected == .byWord {
        model.uses[key(of: call, turn), default: 0] -= 1
        sights.approved += 1
      }
      turn.steps.append(.authorised(index: call.index))
      guard Int.random(in: 0..<8, using: &random) > 0 else { return }
      let text = "\(model.mark(of: turn.conversation)) read by \(turn.message.text)"
      try await add(.result(index: call.index, .success(text)), to: &turn)
    case .denied(let why):
      #expect(expected == .denied, "\(place): \(why)")
      try await add(.result(index: call.index, .failure(why)), to: &turn)
    case .parked(let id):
      #expect(expected == .parked, "\(place)")
      try await expectOwn(id, call, turn)
      (turn.approval, turn.worker) = (id, nil)
      turn.attempts -= 1
      sights.parked += 1
    }
  }

  private enum Expectation { case permitted, byWord, parked, denied }

  private func expectation(_ call: ToolCall, _ turn: TenantTurn) -> Expectation {
    guard ToolName.known.contains(call.tool), !model.isDenied(turn.message) else { return .denied }
    let taint = model.inherited(by: turn).union(turn.taint)
    let isFree =
      call.tool == ToolName.readFile
      || call.tool == ToolName.webFetch && taint.isDisjoint(with: [.web, .bots])
    if isFree { return .permitted }
    if turn.refused.contains(call.index) { return .denied }
    if model.uses[key(of: call, turn), default: 0] > 0 { return .byWord }
    let requester = Requester(turn.message.principal)
    let pending = model.waiting
    let own = pending.count { Requester($0.message.principal) == requester }
    let isFull =
      own >= TimelineStore.pendingPrincipalLimit || pending.count >= TimelineStore.pendingLimit
    return isFull ? .denied : .parked
  }

  private func expectOwn(_ id: ApprovalID, _ call: ToolCall, _ turn: TenantTurn) async throws {
    let approval = try #require(try await bench.store.approval(id))
    #expect(approval.message == turn.id && approval.callIndex == call.index, "\(place)")
    #expect(approval.state == .pending && approval.tool == call.tool, "\(place)")
    #expect(Requester(approval.requester) == Requester(turn.message.principal), "\(place)")
  }
}
