// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Planning
import Testing

@testable import Reconciliation

/// The words and exit codes that scripts rely on.
struct PassOutcomeTests {
  @Test(arguments: [
    (PassOutcome.Kind.noChange, "no-change", 0), (.applied, "applied", 0), (.failed, "failed", 1),
    (.denied, "denied", 4), (.sourceFailed, "source-failed", 7), (.held, "held", 10),
    (.invalid, "invalid", 11),
  ])
  func everyKindHasItsWordAndExitCode(kind: PassOutcome.Kind, word: String, code: Int32) {
    #expect(kind.rawValue == word)
    #expect(PassOutcome(kind).exitCode == code)
  }

  @Test(arguments: [
    (Trigger.start, "start"), (.interval, "interval"), (.componentChange, "component-change"),
    (.operatorRequest, "operator"),
  ])
  func everyTriggerHasItsWord(trigger: Trigger, word: String) {
    #expect(trigger.rawValue == word)
  }

  @Test func outcomeComesBackFromJSON() throws {
    let issue = ValidationIssue(
      origin: .file(path: "kafclaw.yaml", line: 3, column: 7), path: "gateway.port", rule: "range",
      message: "too small")
    let error = ApplianceError(.init("test.failed"), "it failed", hint: "try again")
    let outcome = PassOutcome(
      .failed, plan: Planner.plan(PlanInput()), issues: [issue], error: error)
    let back = try ApplianceJSON.decode(
      PassOutcome.self, from: ApplianceJSON.encode(outcome))
    #expect(back.kind == .failed)
    #expect(back.plan == outcome.plan)
    #expect(back.issues == [issue])
    #expect(back.error == error)
  }

  @Test func textOfAnOutcomeSaysWhatMatters() {
    let issue = ValidationIssue(
      origin: .file(path: "kafclaw.yaml", line: 3, column: 7), path: "gateway.port", rule: "range",
      message: "too small")
    let invalid = PassOutcome(.invalid, issues: [issue, issue])
    #expect(
      ReconcileReport.text(of: invalid)
        == "2 issues, first: kafclaw.yaml:3:7: gateway.port: too small [range]")
    let failed = PassOutcome(.failed, error: ApplianceError(.init("test.failed"), "it failed"))
    #expect(ReconcileReport.text(of: failed) == "it failed")
    let quiet = PassOutcome(.noChange, plan: Planner.plan(PlanInput()))
    #expect(ReconcileReport.text(of: quiet) == "No changes.")
    #expect(ReconcileReport.text(of: PassOutcome(.noChange)) == "")
  }

  @Test func repeatedOutcomeIsNoNews() {
    var report = ReconcileReport()
    let error = ApplianceError(.init("test.failed"), "it failed")
    let other = ApplianceError(.init("test.failed"), "it failed otherwise")
    let time = Desired.revision(1).committedAt
    let outcomes = [
      PassOutcome(.failed, error: error), PassOutcome(.failed, error: error),
      PassOutcome(.failed, error: other), PassOutcome(.noChange),
      PassOutcome(.failed, error: other),
    ]
    let isNew = outcomes.map { report.accept($0, at: time) }
    #expect(isNew == [true, false, true, true, true])
  }

  @Test func guardrailThatDeniesIsNamed() async throws {
    let appliance = try Appliance(Desired.denied(1))
    let outcome = await appliance.pass()
    #expect(ReconcileReport.text(of: outcome).hasPrefix("baseline/exec-restricted: "))
    #expect(outcome.plan?.denials.map(\.id) == ["exec-restricted"])
  }

  @Test func secretThatIsMissingIsNamed() async throws {
    let appliance = try Appliance(Desired.held(1))
    let outcome = await appliance.pass()
    let text = ReconcileReport.text(of: outcome)
    #expect(text.hasPrefix("secret/env:MISSING: env:MISSING cannot be resolved"))
    #expect(text.contains(appliance.paths.environmentFile))
  }
}
