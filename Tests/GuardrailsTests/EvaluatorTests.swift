// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Guardrails

/// How rules become findings: instances, severities, order, packs that cannot be read.
struct EvaluatorTests {
  private let state: JSONValue = [
    "gateway": ["host": "0.0.0.0"],
    "channels": [
      "web": ["type": "web", "dmPolicy": "open"],
      "desk": ["type": "web", "dmPolicy": "allowlist", "stage": 1],
      "kiosk": ["type": "slack", "dmPolicy": "open", "stage": 2],
    ],
  ]

  private func pack(_ rules: String) throws -> GuardrailPack {
    try .read(Array("pack: probe\nversion: 1\nrules:\n\(rules)".utf8), file: "probe.yaml")
  }

  private func rule(
    _ id: String, severity: String = "deny", when: String = "[]", require: String
  ) -> String {
    """
      - id: \(id)
        title: The title
        severity: \(severity)
        runbook: "1.3"
        when: \(when)
        require: \(require)
        remedy: The remedy.

    """
  }

  private func summaries(_ rules: String..., state: JSONValue? = nil) throws -> [String] {
    let evaluator = GuardrailEvaluator([try pack(rules.joined())])
    return evaluator.evaluate(state ?? self.state).map {
      "\($0.id) \($0.result.rawValue) \($0.path)"
    }
  }

  @Test func findingCarriesWhatItsRuleSays() throws {
    let rules = try pack(rule("local", require: "[{path: gateway.host, loopback: true}]"))
    let finding = try #require(GuardrailEvaluator([rules]).evaluate(state).first)
    #expect(finding.id == "local")
    #expect(finding.pack == "probe")
    #expect(finding.result == .deny)
    #expect(finding.runbook == "1.3")
    #expect(finding.message == "The title")
    #expect(finding.remedy == "The remedy.")
    #expect(finding.path == "gateway.host")
  }

  @Test func severityDecidesWhatAViolationDoes() throws {
    let require = "[{path: gateway.host, loopback: true}]"
    let found = try summaries(
      rule("a", severity: "warn", require: require), rule("b", severity: "deny", require: require))
    #expect(found == ["a warn gateway.host", "b deny gateway.host"])
  }

  @Test func passNamesNoPath() throws {
    let require = "[{path: gateway.host, loopback: false}]"
    let found = try summaries(rule("a", require: require))
    #expect(found == ["a pass "])
  }

  @Test func findingsKeepTheOrderOfTheRules() throws {
    let found = try summaries(
      rule("z", require: "[{path: gateway.host, present: true}]"),
      rule("a", require: "[{path: gateway.host, present: false}]"),
      rule("m", require: "[{path: gateway.port, present: false}]"))
    #expect(found == ["z pass ", "a deny gateway.host", "m pass "])
  }

  @Test func ruleAppliesOnlyWhereAllOfWhenHolds() throws {
    let require = "[{path: gateway.auth.token, present: true}]"
    let exposed = "[{path: gateway.host, loopback: false}]"
    let local = "[{path: gateway.host, loopback: true}]"
    let both = "[{path: gateway.host, loopback: false}, {path: gateway.port, present: true}]"
    let found = try summaries(
      rule("exposed", when: exposed, require: require),
      rule("local", when: local, require: require), rule("both", when: both, require: require))
    #expect(found == ["exposed deny gateway.auth.token", "local pass ", "both pass "])
  }

  @Test func firstRequirementThatFailsNamesThePath() throws {
    let require =
      "[{path: gateway.host, present: true}, {path: gateway.port, present: true}, "
      + "{path: gateway.auth.token, present: true}]"
    let found = try summaries(rule("a", require: require))
    #expect(found == ["a deny gateway.port"])
  }

  @Test func everyInstanceThatViolatesGivesOneFinding() throws {
    let require = "[{path: channels.*.dmPolicy, notOneOf: [open]}]"
    let found = try summaries(rule("a", require: require))
    #expect(found == ["a deny channels.kiosk.dmPolicy", "a deny channels.web.dmPolicy"])
  }

  @Test func conditionsOfAnInstanceSpeakOfTheSameOne() throws {
    let staged = "[{path: channels.*.stage, present: true}]"
    let closed = "[{path: channels.*.dmPolicy, notOneOf: [open]}]"
    let slack = "[{path: channels.*.type, equals: slack}]"
    let early = "[{path: channels.*.stage, atMost: \"1\"}]"
    let found = try summaries(
      rule("a", when: staged, require: closed), rule("b", when: slack, require: early))
    #expect(found == ["a deny channels.kiosk.dmPolicy", "b deny channels.kiosk.stage"])
  }

  @Test func conditionWithoutAStarHoldsForEveryInstance() throws {
    let exposed = "[{path: gateway.host, loopback: false}]"
    let local = "[{path: gateway.host, loopback: true}]"
    let closed = "[{path: channels.*.dmPolicy, notOneOf: [open]}]"
    let found = try summaries(
      rule("a", when: exposed, require: closed), rule("b", when: local, require: closed))
    #expect(
      found == [
        "a deny channels.kiosk.dmPolicy", "a deny channels.web.dmPolicy", "b pass ",
      ])
  }

  @Test func missingValueOfAnInstanceIsMissing() throws {
    let require = "[{path: channels.*.stage, present: true}]"
    let found = try summaries(rule("a", require: require))
    #expect(found == ["a deny channels.web.stage"])
  }

  static let statesWithoutChannels: [JSONValue] = [
    [:], ["channels": [:]], ["channels": .null], ["channels": []],
  ]

  @Test(arguments: EvaluatorTests.statesWithoutChannels)
  func ruleWithoutInstancesPasses(state: JSONValue) throws {
    let require = "[{path: channels.*.dmPolicy, equals: allowlist}]"
    let found = try summaries(rule("a", require: require), state: state)
    #expect(found == ["a pass "])
  }

  @Test func packsAreEvaluatedInTheirOrder() throws {
    let findings = try GuardrailEvaluator(packs: ["strict", "baseline"]).evaluate(state)
    #expect(findings.first?.pack == "strict")
    #expect(findings.last?.pack == "baseline")
    let none = try GuardrailEvaluator(packs: []).evaluate(state)
    #expect(none.isEmpty)
  }

  @Test(arguments: [
    "", "pack: probe\n", "pack: probe\nversion: 1\n", "- rule\n",
    "pack: probe\nversion: 2\nrules: []\n", "pack: probe\nversion: 1\nrules: [{id: a}]\n",
    "pack: probe\nversion: 1\nrule: []\n",
    "pack: &p probe\nversion: 1\nrules: []\n",
  ])
  func packThatCannotBeReadIsRefused(text: String) {
    let error = #expect(throws: ApplianceError.self) {
      try GuardrailPack.read(Array(text.utf8), file: "probe.yaml")
    }
    #expect(error?.code == .guardrailMalformed)
    #expect(error?.message.hasPrefix("probe.yaml") == true)
  }

  @Test(arguments: ["equal: open", "loopback: \"yes\"", "oneOf: open", "present: 1"])
  func conditionWithAnUnknownOrWrongOperatorIsRefused(test: String) {
    let rules = rule("a", require: "[{path: gateway.host, \(test)}]")
    let error = #expect(throws: ApplianceError.self) { try pack(rules) }
    #expect(error?.code == .guardrailMalformed)
  }
}
