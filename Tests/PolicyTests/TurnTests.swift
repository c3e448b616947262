// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Policy
import TestSupport
import Testing

/// Where a turn's text came from, and what is left to those it starts.
struct TurnTests {
  private static func steps(_ tool: String, _ result: ToolResult) -> [TurnStep] {
    [
      .intent(ToolCall(index: 0, tool: tool, arguments: [:])), .authorised(index: 0),
      .result(index: 0, result),
    ]
  }

  private static let tools: [(String, Set<TaintSource>)] = [
    ("read_file", [.files]), ("list_dir", [.files]), ("search_files", [.files]),
    ("web_fetch", [.web]), ("write_file", []), ("edit_file", []),
  ]

  @Test("a result taints by the tool that gave it", arguments: tools)
  func taintsByTool(_ tool: String, _ expected: Set<TaintSource>) {
    for result in [ToolResult.success("text"), .failure("text")] {
      let steps = Self.steps(tool, result)
      #expect(
        TurnTaint.of(steps: steps, isFromBot: false, inherited: [], offline: ["local"]) == expected)
    }
    for result in [ToolResult.success(""), .failure(""), .outcomeUnknown] {
      let steps = Self.steps(tool, result)
      #expect(
        TurnTaint.of(steps: steps, isFromBot: false, inherited: [], offline: ["local"]).isEmpty)
    }
    let unanswered = Array(Self.steps(tool, .success("text")).prefix(2))
    #expect(
      TurnTaint.of(steps: unanswered, isFromBot: false, inherited: [], offline: ["local"]).isEmpty)
  }

  @Test("the output of a command that may have reached the network is text of the web too")
  func commandsOnTheNetwork() {
    let calls: [(JSONValue, Set<TaintSource>)] = [
      (["profile": "local"], [.files]), (["profile": "fetcher"], [.files, .web]),
      (["profile": "Local"], [.files, .web]), ([:], [.files, .web]),
      (["profile": 1], [.files, .web]),
    ]
    for (arguments, expected) in calls {
      let steps: [TurnStep] = [
        .intent(ToolCall(index: 0, tool: "exec", arguments: arguments)),
        .result(index: 0, .success("text")),
      ]
      let taint = TurnTaint.of(
        steps: steps, isFromBot: false, inherited: [], offline: ["local"])
      #expect(taint == expected)
    }
  }

  @Test("bots taint, and what was inherited stays")
  func inherits() {
    #expect(
      TurnTaint.of(steps: [], isFromBot: true, inherited: [.web], offline: []) == [.web, .bots])
    #expect(TurnTaint.of(steps: [], isFromBot: false, inherited: [.files], offline: []) == [.files])
  }

  @Test("a result without its call could be anything")
  func distrustsOrphans() {
    let steps: [TurnStep] = [.result(index: 3, .success("text"))]
    #expect(
      TurnTaint.of(steps: steps, isFromBot: false, inherited: [], offline: ["local"]) == [
        .files, .web,
      ])
  }

  @Test("subagents and skills only narrow, over random chains")
  func chainsOnlyNarrow() {
    var access = RandomAccess(random: SplitMix64(seed: SplitMix64.seed(of: "turn contexts")))
    for _ in 0..<10_000 {
      let principal = access.principal()
      let first = TurnContext(
        principal: principal, tier: access.one(of: SenderTier.allCases),
        session: SessionKey(rawValue: "s"), tools: Set(access.some(of: RandomAccess.entries)),
        taint: access.taint())
      var context = first
      for _ in 0..<Int.random(in: 0...8, using: &access.random) {
        let before = context
        context =
          access.flip(1, in: 2)
          ? context.narrowed(to: Set(access.some(of: RandomAccess.entries, atMost: 12)))
          : context.tainted(by: access.taint())
        #expect(context.tools.isSubset(of: before.tools))
        #expect(context.taint.isSuperset(of: before.taint))
      }
      #expect(context.principal == first.principal && context.tier == first.tier)
      #expect(context.session == first.session)
    }
  }

  @Test("a subagent can use no tool that its turn cannot")
  func subagentsAreBound() {
    let policy = AccessPolicy(DecisionTableTests.rules)
    let guest = DecisionTableTests.from("GUEST")
    let turn = TurnContext(
      principal: guest, tier: .external, session: SessionKey(rawValue: "s"),
      tools: Set(policy.grantedTools(guest, taint: [])), taint: [])
    let subagent = turn.narrowed(to: ToolName.known).tainted(by: [.web])
    #expect(subagent.tools == ["read_file", "list_dir", "read_skill"])
    #expect(
      Set(policy.grantedTools(subagent.principal, taint: subagent.taint))
        .isSubset(of: turn.tools))
  }
}
