// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Guardrails

/// Every operator, on values that are there, values that are missing and values of another type.
struct ConditionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let condition: GuardrailCondition
    let holds: Bool

    init(
      _ text: String, holds: Bool, _ path: String, _ set: (inout GuardrailCondition) -> Void
    ) {
      var condition = GuardrailCondition()
      condition.path = path
      set(&condition)
      testDescription = "\(path) \(text)"
      (self.condition, self.holds) = (condition, holds)
    }
  }

  static let state: JSONValue = [
    "gateway": [
      "host": "127.0.0.1", "port": 18790, "auth": ["rotateAfter": "60d", "token": .null],
    ],
    "tools": ["deny": ["exec", 7], "allow": [], "exec": ["restrictWorkspace": true]],
    "agent": ["provider": "offline"],
  ]

  static let presence: [Case] = [
    Case("present", holds: true, "gateway.host") { $0.present = true },
    Case("absent", holds: false, "gateway.host") { $0.present = false },
    Case("present", holds: false, "gateway.name") { $0.present = true },
    Case("absent", holds: true, "gateway.name") { $0.present = false },
    Case("present", holds: false, "gateway.auth.token") { $0.present = true },
    Case("absent", holds: true, "gateway.auth.token") { $0.present = false },
    Case("present", holds: true, "tools.allow") { $0.present = true },
    Case("present", holds: true, "gateway.auth") { $0.present = true },
    Case("present", holds: false, "no.such.section") { $0.present = true },
    Case("present", holds: false, "gateway.host.name") { $0.present = true },
  ]

  static let words: [Case] = [
    Case("equals itself", holds: true, "agent.provider") { $0.equals = "offline" },
    Case("equals another", holds: false, "agent.provider") { $0.equals = "Offline" },
    Case("equals a number", holds: true, "gateway.port") { $0.equals = "18790" },
    Case("equals a Boolean", holds: true, "tools.exec.restrictWorkspace") { $0.equals = "true" },
    Case("equals no Boolean", holds: false, "tools.exec.restrictWorkspace") { $0.equals = "yes" },
    Case("equals", holds: false, "agent.model") { $0.equals = "" },
    Case("equals null", holds: false, "gateway.auth.token") { $0.equals = "null" },
    Case("equals a list", holds: false, "tools.deny") { $0.equals = "exec" },
    Case("one of", holds: true, "agent.provider") { $0.oneOf = ["openai", "offline"] },
    Case("one of others", holds: false, "agent.provider") { $0.oneOf = ["openai"] },
    Case("one of none", holds: false, "agent.provider") { $0.oneOf = [] },
    Case("one of", holds: false, "agent.model") { $0.oneOf = ["small"] },
    Case("one of", holds: false, "tools.deny") { $0.oneOf = ["exec"] },
    Case("not one of", holds: false, "agent.provider") { $0.notOneOf = ["openai", "offline"] },
    Case("not one of others", holds: true, "agent.provider") { $0.notOneOf = ["openai"] },
    Case("not one of none", holds: true, "agent.provider") { $0.notOneOf = [] },
    Case("not one of", holds: true, "agent.model") { $0.notOneOf = ["small"] },
    Case("not one of", holds: true, "gateway.auth.token") { $0.notOneOf = ["null"] },
  ]

  static let lists: [Case] = [
    Case("contains", holds: true, "tools.deny") { $0.contains = "exec" },
    Case("contains a number", holds: true, "tools.deny") { $0.contains = "7" },
    Case("contains no part", holds: false, "tools.deny") { $0.contains = "exe" },
    Case("contains", holds: false, "tools.allow") { $0.contains = "exec" },
    Case("contains", holds: false, "tools.missing") { $0.contains = "exec" },
    Case("contains", holds: false, "agent.provider") { $0.contains = "offline" },
    Case("contains", holds: false, "tools") { $0.contains = "deny" },
  ]

  static let addresses: [Case] = [
    Case("loopback", holds: true, "gateway.host") { $0.loopback = true },
    Case("not loopback", holds: false, "gateway.host") { $0.loopback = false },
    Case("loopback", holds: false, "agent.provider") { $0.loopback = true },
    Case("loopback", holds: false, "gateway.name") { $0.loopback = true },
    Case("not loopback", holds: false, "gateway.name") { $0.loopback = false },
    Case("loopback", holds: false, "tools.deny") { $0.loopback = true },
  ]

  static let amounts: [Case] = [
    Case("at least the same", holds: true, "gateway.port") { $0.atLeast = "18790" },
    Case("at least more", holds: false, "gateway.port") { $0.atLeast = "18791" },
    Case("at most the same", holds: true, "gateway.port") { $0.atMost = "18790" },
    Case("at most less", holds: false, "gateway.port") { $0.atMost = "18789" },
    Case("at least", holds: true, "gateway.auth.rotateAfter") { $0.atLeast = "1440h" },
    Case("at least more", holds: false, "gateway.auth.rotateAfter") { $0.atLeast = "61d" },
    Case("at most", holds: true, "gateway.auth.rotateAfter") { $0.atMost = "5184000s" },
    Case("at most less", holds: false, "gateway.auth.rotateAfter") { $0.atMost = "59d" },
    Case("between", holds: true, "gateway.auth.rotateAfter") {
      $0.atLeast = "30d"
      $0.atMost = "90d"
    },
    Case("at least a number", holds: false, "gateway.auth.rotateAfter") { $0.atLeast = "60" },
    Case("at most a duration", holds: false, "gateway.port") { $0.atMost = "60d" },
    Case("at least a word", holds: false, "gateway.port") { $0.atLeast = "many" },
    Case("at least", holds: false, "agent.provider") { $0.atLeast = "0" },
    Case("at least", holds: false, "agent.model") { $0.atLeast = "0" },
    Case("at most", holds: false, "agent.model") { $0.atMost = "0" },
    Case("at most", holds: false, "tools.deny") { $0.atMost = "10" },
    Case("at most", holds: false, "tools.exec.restrictWorkspace") { $0.atMost = "10" },
  ]

  static let combinations: [Case] = [
    Case("nothing", holds: true, "gateway.name") { _ in },
    Case("absent and equal", holds: false, "agent.model") {
      $0.present = false
      $0.equals = "small"
    },
    Case("both", holds: true, "agent.provider") {
      $0.present = true
      $0.notOneOf = ["openai"]
    },
    Case("the second only", holds: false, "agent.provider") {
      $0.equals = "openai"
      $0.oneOf = ["offline"]
    },
  ]

  @Test(arguments: ConditionTests.presence + ConditionTests.words + ConditionTests.lists)
  func judgesValuesAsText(example: Case) {
    #expect(example.condition.holds(in: ConditionTests.state) == example.holds)
  }

  @Test(arguments: ConditionTests.addresses + ConditionTests.amounts)
  func judgesAddressesAndAmounts(example: Case) {
    #expect(example.condition.holds(in: ConditionTests.state) == example.holds)
  }

  @Test(arguments: ConditionTests.combinations)
  func demandsEveryOperatorThatIsSet(example: Case) {
    #expect(example.condition.holds(in: ConditionTests.state) == example.holds)
  }
}
