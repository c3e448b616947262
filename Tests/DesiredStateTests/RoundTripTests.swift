// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import TestSupport
import Testing

/// What is written can be read back.
struct RoundTripTests {
  @Test func effectiveValuesGiveTheSpecBack() throws {
    let seed = SplitMix64.seed(of: "round trips")
    var generator = SpecGenerator(seed: seed)
    for round in 1...500 {
      let spec = generator.spec()
      let back = try ApplianceSpec(effective: spec.effective)
      #expect(back == spec, "seed \(seed), round \(round)")
    }
  }

  @Test func effectiveValuesSurviveJSON() throws {
    let seed = SplitMix64.seed(of: "round trips through JSON")
    var generator = SpecGenerator(seed: seed)
    for round in 1...100 {
      let spec = generator.spec()
      let bytes = CanonicalJSON.bytes(spec.effective)
      let value = try ApplianceJSON.decode(JSONValue.self, from: bytes)
      let back = try ApplianceSpec(effective: value)
      #expect(back == spec, "seed \(seed), round \(round)")
    }
  }

  @Test func effectiveValuesOfADocumentGiveItsSpecBack() throws {
    for document in [Documents.header, Documents.rich] {
      let spec = try #require(Documents.load(document).state).spec
      let back = try ApplianceSpec(effective: spec.effective)
      #expect(back == spec)
    }
  }

  @Test func effectiveValuesHaveEveryFieldThatIsSet() throws {
    let effective = try #require(Documents.load(Documents.rich).state).spec.effective
    let patterns = ApplianceSpec.nestedFields.map(\.pattern).filter { !$0.contains("*") }
    let missing = patterns.filter { pattern in
      !pattern.hasPrefix("appliance.escalation.") && !pattern.hasPrefix("security.suppressions.")
        && value(at: pattern, in: effective) == nil
    }
    #expect(missing == [])
  }

  @Test func absentOptionalFieldsAreLeftOut() throws {
    let effective = try #require(Documents.load(Documents.header).state).spec.effective
    for path in ["backup", "gateway.auth.token", "agent.model", "tools.allow", "logs.retention"] {
      #expect(value(at: path, in: effective) == nil, "\(path)")
    }
  }

  static let foreign: [JSONValue] = [
    .null, [], "text", [:], ["version": 1, "appliance": ["name": "probe"], "more": true],
    ["version": "1", "appliance": ["name": "probe"]], ["version": 1, "appliance": ["name": 42]],
  ]

  @Test(arguments: RoundTripTests.foreign)
  func refusesWhatIsNoEffectiveState(value: JSONValue) {
    let error = #expect(throws: ApplianceError.self) { try ApplianceSpec(effective: value) }
    #expect(error?.code == .malformed)
  }

  @Test func stateSurvivesTheWayBetweenProcesses() throws {
    let files = [
      "kafclaw.yaml": Documents.rich, "workspace/AGENTS.md": "Be brief.\n",
      "hosts/claw-1.yaml": "gateway: {host: 127.0.0.1}\n",
    ]
    let outcome = Documents.load(
      files: files, host: "claw-1", environment: ["KAFCLAW_GATEWAY_PORT": "9000"])
    let state = try #require(outcome.state)
    #expect(!state.warnings.isEmpty)
    let bytes = try ApplianceJSON.encode(state)
    let back = try ApplianceJSON.decode(LoadedState.self, from: bytes)
    #expect(back == state)
  }

  @Test func issuesSurviveTheWayBetweenProcesses() throws {
    let outcome = Documents.load(Documents.header + "gateway: {port: 0, hots: x}\n")
    let bytes = try ApplianceJSON.encode(outcome)
    let back = try ApplianceJSON.decode(LoadOutcome.self, from: bytes)
    #expect(back.issues == outcome.issues)
    #expect(back.state == nil)
  }

  private func value(at path: String, in effective: JSONValue) -> JSONValue? {
    path.split(separator: ".").reduce(Optional(effective)) { $0?[String($1)] }
  }
}
