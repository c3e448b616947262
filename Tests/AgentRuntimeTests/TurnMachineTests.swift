// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ModelProviders
import Testing

@testable import AgentRuntime

/// A turn as a value: what comes next follows from what is recorded.
struct TurnMachineTests {
  private static let usage = TokenUsage(input: 3, output: 2)
  private static let read = ToolCall(index: 0, tool: "read_file", arguments: ["path": "a"])
  private static let write = ToolCall(index: 0, tool: "write_file", arguments: ["path": "a"])

  private func machine(_ steps: [TurnStep] = [], limit: Int = 20) -> TurnMachine {
    TurnMachine(steps: steps, toolLimit: limit, repeatable: ["read_file"])
  }

  @Test func freshTurnAsksTheModel() {
    #expect(machine().next == .askModel)
    #expect(machine().endedCalls.isEmpty)
  }

  private static let may = TurnStep.authorised(index: 0)

  static let table: [(String, [TurnStep], TurnMachine.Action)] = [
    ("nothing recorded", [], .askModel),
    ("call nobody has decided about", [.intent(write)], .authorise(write)),
    ("call that may be repeated", [.intent(read), may], .run(read)),
    ("call that may not", [.intent(write), may], .giveUp(write)),
    ("ended call", [.intent(write), may, .result(index: 0, .success("ok"))], .askModel),
    ("denied call", [.intent(write), .result(index: 0, .failure("no"))], .askModel),
    (
      "call of unknown outcome", [.intent(write), may, .result(index: 0, .outcomeUnknown)],
      .askModel
    ),
    (
      "second call of one answer",
      [
        .intent(write), .intent(ToolCall(index: 1, tool: "exec", arguments: [:])), may,
        .result(index: 0, .success("ok")),
      ],
      .authorise(ToolCall(index: 1, tool: "exec", arguments: [:]))
    ),
    (
      "unknown tool",
      [.intent(ToolCall(index: 0, tool: "exec", arguments: [:])), may],
      .giveUp(ToolCall(index: 0, tool: "exec", arguments: [:]))
    ),
  ]

  @Test(arguments: TurnMachineTests.table.indices)
  func resumedTurnKnowsWhatComesNext(index: Int) {
    let (name, steps, next) = Self.table[index]
    #expect(machine(steps).next == next, "\(name)")
  }

  private func asking(_ calls: RequestedCall..., remark: String? = nil) -> Completion {
    Completion(.calls(calls, remark: remark), usage: Self.usage, provider: "offline")
  }

  private func saying(_ text: String) -> Completion {
    Completion(.reply(text), usage: Self.usage, provider: "offline")
  }

  @Test func callIsRecordedThenDecidedThenRunThenItsResultRecorded() {
    var machine = machine()
    let write = ToolCall(
      index: 0, tool: "write_file", arguments: ["path": "a"], batch: 0, reference: "c1",
      remark: "so")
    let steps = machine.accept(
      asking(
        RequestedCall(tool: "write_file", arguments: ["path": "a"], reference: "c1"), remark: "so"))
    #expect(steps == [.intent(write)])
    #expect(machine.next == .authorise(write))
    machine.permit(write)
    #expect(machine.next == .run(write), "a call of this attempt was not begun before")
    #expect(machine.accept(.success("ok"), of: write) == .result(index: 0, .success("ok")))
    #expect(machine.next == .askModel)
    #expect(machine.endedCalls == [.init(call: write, result: .success("ok"))])
    #expect(machine.accept(saying("done")) == [])
    #expect(machine.next == .finish("done"))
  }

  @Test func callsOfOneAnswerAreOneBatch() {
    var machine = machine()
    let call = RequestedCall(tool: "read_file", arguments: ["path": "a"])
    _ = machine.accept(asking(call, RequestedCall(tool: "list_dir", arguments: [:])))
    for step in machine.steps {
      guard case .intent(let call) = step else { continue }
      machine.permit(call)
      _ = machine.accept(.success("ok"), of: call)
    }
    _ = machine.accept(asking(call))
    let batches = machine.steps.compactMap { step -> Int?? in
      if case .intent(let call) = step { return call.batch }
      return nil
    }
    #expect(batches == [0, 0, 1])
  }

  @Test func usageAddsUpWithoutOverflow() {
    var machine = machine()
    machine.add(TokenUsage(input: .max, output: -5))
    machine.add(TokenUsage(input: 7, output: 3))
    #expect(machine.usage == TokenUsage(input: .max, output: 3))
  }

  @Test func callAfterAnInheritedOneIsNotInherited() {
    var machine = machine([.intent(Self.write), Self.may])
    #expect(machine.next == .giveUp(Self.write))
    _ = machine.accept(.outcomeUnknown, of: Self.write)
    _ = machine.accept(asking(RequestedCall(tool: "write_file", arguments: [:])))
    let next = ToolCall(index: 1, tool: "write_file", arguments: [:], batch: 0)
    #expect(machine.next == .authorise(next))
    machine.permit(next)
    #expect(machine.next == .run(next))
  }

  @Test(arguments: [0, 1, 3])
  func turnEndsAtTheToolLimit(limit: Int) {
    var machine = machine(limit: limit)
    for index in 0..<limit {
      let arguments: JSONValue = ["path": .string("\(index)")]
      let steps = machine.accept(asking(RequestedCall(tool: "read_file", arguments: arguments)))
      guard case .intent(let call) = steps.first else {
        Issue.record("no intent")
        return
      }
      _ = machine.accept(.success("ok"), of: call)
    }
    #expect(machine.accept(asking(RequestedCall(tool: "read_file", arguments: [:]))) == [])
    #expect(
      machine.next
        == .finish("Stopped after \(limit) tool calls (agent.maxToolIterations is \(limit))."))
  }

  @Test func answerThatGoesOverTheLimitRunsNothing() {
    var machine = machine(limit: 1)
    let call = RequestedCall(tool: "read_file", arguments: [:])
    #expect(machine.accept(asking(call, call)) == [])
    guard case .finish = machine.next else {
      Issue.record("the turn goes on")
      return
    }
  }

  @Test func sameCallOverAndOverEndsTheTurn() {
    var machine = machine()
    let call = RequestedCall(tool: "read_file", arguments: ["path": "a"])
    for _ in 1..<TurnMachine.repeatLimit {
      guard case .intent(let intent) = machine.accept(asking(call)).first else {
        Issue.record("no intent")
        return
      }
      _ = machine.accept(.success("ok"), of: intent)
    }
    #expect(machine.accept(asking(call)) == [])
    guard case .finish = machine.next else {
      Issue.record("the turn goes on")
      return
    }
  }

  @Test func replyWithinTheLimitIsKept() {
    var machine = machine([.intent(Self.read), .result(index: 0, .success("A"))], limit: 1)
    _ = machine.accept(saying("done"))
    #expect(machine.next == .finish("done"))
  }
}
