// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing
import Timeline

@testable import Daemon

extension TenantLife {
  private static let tools = [
    ToolName.readFile, ToolName.webFetch, ToolName.writeFile, ToolName.editFile, "no_such_tool",
  ]

  mutating func admit() async throws {
    let message = traffic.message(&random)
    let conversation = Conversation(message, model.scopes[message.channel] ?? .user)
    let mark = model.mark(of: conversation)
    let said = message.saying("\(mark) \(model.admitted) said", key: nextKey(of: message))
    let admission = try await bench.access.admit(said)
    guard case .stored(let status, isRepeat: false) = admission else {
      #expect(admission == .denied(.senderDenied), "\(place)")
      #expect(model.isDenied(message), "\(place)")
      return
    }
    #expect(!model.isDenied(message), "\(place)")
    model.admitted += 1
    model.open[conversation, default: []].append(
      TenantTurn(id: status.id, message: said, conversation: conversation))
    let again = try await bench.access.admit(said)
    #expect(again == .stored(status, isRepeat: true), "\(place)")
  }

  mutating func lease() async throws {
    let worker = "w\(Int.random(in: 0..<4, using: &random))"
    guard let work = try await bench.store.lease(to: worker) else {
      #expect(!model.hasReady, "\(place)")
      return
    }
    let head = model.open.values.compactMap(\.first).first { $0.id == work.id }
    guard var turn = head, turn.worker == nil, turn.approval == nil else {
      Issue.record("\(place): \(work.id) is not the next of a free conversation")
      return
    }
    turn.worker = worker
    turn.attempts += 1
    model.update(turn)
    expectOnlyItsOwn(work, turn)
    let tools = try await bench.access.authority.grantedTools(work)
    #expect(
      tools
        == (model.isDenied(turn.message)
          ? [] : ToolName.known.subtracting(ToolName.ofSkills).sorted()),
      "\(place)")
  }

  /// What a turn is given is its conversation's: all of that, and nothing else.
  private mutating func expectOnlyItsOwn(_ work: Work, _ turn: TenantTurn) {
    let history = model.history(of: turn.conversation)
    #expect(work.text == turn.message.text && work.attempt == turn.attempts, "\(place)")
    #expect(work.history == history.map(\.exchange), "\(place)")
    #expect(work.taint == model.inherited(by: turn), "\(place)")
    #expect(work.steps == turn.steps, "\(place)")
    #expect(Requester(work.principal) == Requester(turn.message.principal), "\(place)")
    let mark = model.mark(of: turn.conversation)
    let texts =
      [work.text] + work.history.flatMap { [$0.text, $0.reply] }
      + work.steps.compactMap { step in
        guard case .result(_, .success(let text)) = step else { return nil }
        return text
      }
    #expect(texts.allSatisfy { $0.hasPrefix(mark) }, "\(place)")
    sights.exchanges += history.count
    if !work.taint.isEmpty { sights.tainted += 1 }
  }

  /// One step of some turn that runs.
  mutating func go() async throws {
    guard var turn = model.running.randomElement(using: &random), let worker = turn.worker else {
      return
    }
    if case .authorised(let index) = turn.steps.last {
      // Nobody knows whether it happened.
      try await add(.result(index: index, .outcomeUnknown), to: &turn)
    } else if let call = turn.openCall {
      try await decide(call, of: &turn, worker)
    } else if turn.calls < 6, Bool.random(using: &random) {
      let call = ToolCall(
        index: turn.calls, tool: TenantTraffic.one(of: Self.tools, &random),
        arguments: ["path": .string("notes-\(Int.random(in: 0..<2, using: &random))")])
      try await add(.intent(call), to: &turn)
      try await decide(call, of: &turn, worker)
    } else {
      return try await finish(turn)
    }
    model.update(turn)
  }

  mutating func finish(_ turn: TenantTurn) async throws {
    guard let worker = turn.worker else { return }
    let reply = "\(model.mark(of: turn.conversation)) answer to \(turn.message.text)"
    try await bench.access.finish(turn.id, reply: reply, usage: TokenUsage(), worker: worker)
    model.answer(turn, reply)
    let status = try await bench.store.status(of: turn.id, client: turn.message.client)
    #expect(status?.state == .answered && status?.reply == reply, "\(place)")
  }

  func add(_ step: TurnStep, to turn: inout TenantTurn) async throws {
    try await bench.record(step, of: turn.id, turn.worker ?? "")
    turn.steps.append(step)
  }

  /// A worker, and a client, of somebody else.
  mutating func meddle() async throws {
    guard let turn = model.running.randomElement(using: &random) else { return }
    let other = turn.worker == "w0" ? "w1" : "w0"
    let (bench, id) = (bench, turn.id)
    let codes = [
      await errorCode { _ = try await bench.verdict(id, 0, other) },
      await errorCode { try await bench.record(.result(index: 0, .outcomeUnknown), of: id, other) },
      await errorCode { _ = try await bench.access.exec.run(id, 0, worker: other) },
      await errorCode {
        try await bench.access.finish(id, reply: "theirs", usage: TokenUsage(), worker: other)
      },
    ]
    #expect(codes.allSatisfy { $0 == .leaseLost }, "\(place): \(codes)")
    for client in traffic.clients where !client.utf8.elementsEqual(turn.message.client.utf8) {
      #expect(try await bench.store.status(of: id, client: client) == nil, "\(place)")
      sights.strangers += 1
    }
  }
}
