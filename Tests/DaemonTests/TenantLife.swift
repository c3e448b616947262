// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing
import Timeline

@testable import Daemon
@testable import DesiredState

/// One appliance with random traffic of several tenants and several workers, next to a model of it.
struct TenantLife {
  let place: String
  let traffic: TenantTraffic
  var random: SplitMix64
  var bench: AccessBench
  var model = TenantModel()
  var sights = Sights()
  private var keys: [[UInt8]: Int] = [:]

  init(_ life: Int, seed: UInt64) throws {
    place = "seed \(seed), life \(life)"
    random = SplitMix64(seed: seed &+ UInt64(life) &* 0x9E37_79B9)
    traffic = TenantTraffic(&random)
    bench = try AccessBench(Self.spec)
  }

  private static let spec = {
    var spec = ApplianceSpec.roomy
    spec.tools.approvals.require = ["group:write"]
    return spec
  }()

  mutating func live(_ cases: Int) async throws {
    try await begin()
    for _ in 0..<cases { try await act() }
    try await end()
    try bench.store.close()
  }

  private mutating func begin() async throws {
    for channel in traffic.channels { try await scope(channel) }
    try await bench.store.setToolPolicy(
      ToolPolicy(
        tiers: [
          .unknown: .highRisk, .external: .highRisk, .internal: .highRisk, .owner: .highRisk,
        ], taint: [.files: .highRisk, .web: .read, .bots: .read, .senders: .highRisk],
        approvals: ["group:write"]))
  }

  private mutating func act() async throws {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<32: try await admit()
    case 32..<52: try await lease()
    case 52..<80: try await go()
    case 80..<87: try await decide()
    case 87..<90: try await abandon()
    case 90..<97: try await meddle()
    case 97: try await scope(TenantTraffic.one(of: traffic.channels, &random))
    case 98: try await deny()
    default: try await crash()
    }
  }

  // MARK: What operators do

  private mutating func scope(_ channel: String) async throws {
    let scope = TenantTraffic.one(of: SessionScope.allCases, &random)
    try await bench.store.setChannel(
      channel,
      AccessRules.Channel(
        dmPolicy: .open, groupPolicy: .open, requireMention: false, sessionScope: scope))
    model.scopes[channel] = scope
  }

  private mutating func deny() async throws {
    let sender = TenantTraffic.one(of: traffic.senders, &random)
    try await bench.store.setSenders(owners: [], internal: [], denied: [sender].compactMap { $0 })
    model.denied = Set([sender].compactMap { $0 }.map { Array($0.utf8) })
  }

  private mutating func decide() async throws {
    guard let turn = model.waiting.randomElement(using: &random) else { return }
    try await decide(turn, isApproved: Int.random(in: 0..<4, using: &random) > 0)
  }

  private mutating func decide(_ waiting: TenantTurn, isApproved: Bool) async throws {
    var turn = waiting
    guard let id = turn.approval, let call = turn.openCall else { return }
    let uses = Int.random(in: 1...3, using: &random)
    let approval = try await bench.access.desk.say(
      ApprovalWord(id: id, isApproved: isApproved, by: "client:approver", uses: uses))
    #expect(approval.message == turn.id && approval.callIndex == call.index, "\(place)")
    turn.approval = nil
    if isApproved {
      model.uses[key(of: call, turn), default: 0] += uses
    } else {
      turn.refused.insert(call.index)
    }
    model.update(turn)
  }

  private mutating func crash() async throws {
    bench = try await bench.restarted(Self.spec)
    for turn in model.running { model.lose(turn) }
  }

  private mutating func abandon() async throws {
    guard let turn = model.running.randomElement(using: &random) else { return }
    try await bench.store.releaseLeases(of: turn.worker, message: turn.id, at: Date())
    model.lose(turn)
  }

  /// Ends everything that is open.
  private mutating func end() async throws {
    try await bench.store.setSenders(owners: [], internal: [], denied: [])
    model.denied = []
    for turn in model.waiting { try await decide(turn, isApproved: false) }
    for _ in 0..<1_000 where model.hasReady || !model.running.isEmpty {
      try await lease()
      for turn in model.running { try await finish(turn) }
    }
    let ended = ["answered": model.admitted - model.failed, "failed": model.failed]
    #expect(try await bench.store.counts() == ended.filter { $0.value > 0 }, "\(place)")
    #expect(try await bench.store.lease(to: "w0") == nil, "\(place)")
  }

  func key(of call: ToolCall, _ turn: TenantTurn) -> CallKey {
    CallKey(
      conversation: turn.conversation, requester: Requester(turn.message.principal),
      tool: call.tool, path: call.arguments.objectValue?["path"]?.stringValue ?? "")
  }

  /// Clients count on their own, so that keys of one are keys of the others too.
  mutating func nextKey(of message: InboundMessage) -> String {
    let number = keys[Array(message.client.utf8), default: 0]
    keys[Array(message.client.utf8)] = number + 1
    return String(number)
  }
}
