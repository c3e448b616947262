// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Planning

/// The plan as a comment on a pull request.
struct PlanMarkdownTests {
  @Test func commentHasVerdictDangersPolicyAndDetails() {
    var input = PlanInput()
    input.host = "edge-1"
    input.source = Plans.source
    input.applied = [ResourceAddress(.workspace, "old.md"): ["digest": "sha256:dd"]]
    input.observed = [ResourceAddress(.workspace, "old.md"): .present(["digest": "sha256:dd"])]
    input.desired = [Resource(.senders, "web", ["allow": ["carol"], "policy": "allowlist"])]
    input.observed[ResourceAddress(.senders, "web")] = .absent
    input.policy = [Plans.policy("warn", id: "incident-owner")]
    input.warnings = ["commits are not verified"]
    let plan = Planner.plan(input)
    let expected = """
      <!-- kafclaw-plan:v1 host=edge-1 effect=\(plan.effectDigest.short) -->
      ### Plan: 1 add, 0 change, 1 delete, 0 blocked.

      Host <code>edge-1</code> at `0123456789ab`, source verification: none

      - warning: <code>commits are not verified</code>

      | | resource | impact |
      | - | - | - |
      | - | <code>workspace/old.md</code> | data |

      - **warn** <code>baseline/incident-owner</code>: <code>The title. The remedy.</code>

      <details><summary>- <code>workspace/old.md</code> — data, removed</summary>

      ```diff
      - digest: "sha256:dd"
      ```

      </details>

      <details><summary>+ <code>senders/web</code> — live, intentional</summary>

      ```diff
      + allow: ["carol"]
      + policy: "allowlist"
      ```

      </details>

      Plan `\(plan.id)`, valid until 1970-01-02T00:00:00Z.

      Effect digest `\(plan.effectDigest)`

      """
    #expect(PlanMarkdown.render(plan) == expected)
  }

  @Test func commentWithoutChangesIsShort() {
    let plan = Planner.plan(PlanInput())
    let expected = """
      <!-- kafclaw-plan:v1 host=- effect=\(plan.effectDigest.short) -->
      ### No changes.

      Host this host, source verification: none


      Effect digest `\(plan.effectDigest)`

      """
    #expect(PlanMarkdown.render(plan) == expected)
  }

  @Test func blockedChangesSayWhy() {
    let text = PlanMarkdown.render(Planner.plan(Plans.everything))
    #expect(
      text.contains(
        "| x | <code>configuration/config.json</code> | blocked: <code>cannot be read: EIO</code> |\n"
      ))
    #expect(text.contains("! allow: +\"carol\" -\"bob\"\n"))
    #expect(text.contains("from the environment: `gateway.port` = <code>8001</code>"))
    #expect(!text.contains("`baseline/local`"))
  }

  /// GitHub refuses a comment of more than 65,536 characters.
  private let limit = 65_536

  private func large(
    changes: Int, deletions: Int, value: String, blastGuard: BlastGuard = .off
  ) -> Plan {
    var input = PlanInput()
    input.blastGuard = blastGuard
    for number in 0..<changes {
      let name = "file-\(number).md"
      input.desired.append(Resource(.workspace, name, ["digest": .string(value)]))
      input.observed[ResourceAddress(.workspace, name)] = .absent
    }
    for number in 0..<deletions {
      let address = ResourceAddress(.workspace, "gone-\(number).md")
      input.applied[address] = ["digest": "x"]
      input.observed[address] = .present(["digest": "x"])
    }
    return Planner.plan(input)
  }

  @Test(.timeLimit(.minutes(1)))
  func commentOfManyChangesStaysWithinTheLimitAndKeepsEveryDeletion() {
    let plan = large(changes: 5_000, deletions: 200, value: "sha256:0123456789abcdef")
    let text = PlanMarkdown.render(plan)
    #expect(text.unicodeScalars.count <= limit)
    for number in 0..<200 {
      #expect(text.contains("| - | <code>workspace/gone-\(number).md</code> | data |\n"))
    }
    #expect(text.contains("### Plan: 5000 add, 0 change, 200 delete, 0 blocked."))
    #expect(text.contains("more resources; see the JSON plan._"))
    #expect(text.hasSuffix("\nEffect digest `\(plan.effectDigest)`\n"))
  }

  /// One visible character can consist of any number of code points, and GitHub counts those.
  @Test func charactersOfManyCodePointsAreCountedAsSuch() {
    let tower = "a" + String(repeating: "\u{301}", count: 3_000)
    let text = PlanMarkdown.render(large(changes: 40, deletions: 1, value: tower))
    #expect(text.unicodeScalars.count <= limit)
  }

  @Test func everythingIsShownWhileItFits() {
    let text = PlanMarkdown.render(large(changes: 50, deletions: 5, value: "x"))
    #expect(!text.contains("more resources"))
    #expect(text.ranges(of: "<details>").count == 55)
    #expect(text.ranges(of: "</details>").count == 55)
  }

  /// What does not fit is counted, by what it is.
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [(10_000, BlastGuard.off), (10_000, BlastGuard()), (1_500, .off), (3_000, .off)])
  func manyDeletionsStayWithinTheBudget(deletions: Int, blastGuard: BlastGuard) throws {
    let plan = large(changes: 20, deletions: deletions, value: "x", blastGuard: blastGuard)
    let text = PlanMarkdown.render(plan)
    #expect(text.unicodeScalars.count < 60_000)
    let isHeld = blastGuard != .off
    let rows = text.ranges(of: isHeld ? "\n| x | <code>" : "\n| - | <code>").count
    let rest = try #require(text.firstMatch(of: /\*\*(\d+) more deletions/))
    #expect(rows > 100)
    #expect(rows + (Int(rest.1) ?? 0) == deletions)
    #expect(text.contains("_\(plan.changes.count - text.ranges(of: "<details>").count) more res"))
    #expect(text.ranges(of: "<details>").count == text.ranges(of: "</details>").count)
    let digest = try #require(plan.deletionsDigest)
    #expect(text.ranges(of: digest.rawValue).count == (isHeld ? 1 : 0), "told once, in full")
  }

  @Test func manyWarningsAndGuardrailsStayWithinTheBudget() {
    var input = Plans.everything
    input.warnings = (0..<5_000).map { "warning \($0)" }
    input.policy = (0..<5_000).map { Plans.policy("deny", id: "rule-\($0)") }
    let text = PlanMarkdown.render(Planner.plan(input))
    #expect(text.unicodeScalars.count < 60_000)
    let warnings = text.ranges(of: "- warning: ").count
    #expect(text.contains("- _\(5_000 - warnings) more notes; see the JSON plan._"))
    let denials = text.ranges(of: "- **deny** ").count
    #expect(text.contains("- **\(5_000 - denials) more guardrails that did not pass; see the"))
    #expect(text.contains("| - | <code>workspace/old.md</code> | data |"))
  }

  @Test func oneHugeWarningIsCountedNotCut() {
    var input = Plans.everything
    input.warnings = [String(repeating: "w", count: 70_000)]
    input.host = String(repeating: "h", count: 70_000)
    let text = PlanMarkdown.render(Planner.plan(input))
    #expect(text.unicodeScalars.count < 60_000)
    #expect(text.contains("_1 more notes; see the JSON plan._"))
  }

  @Test("a reviewer sees who gains and loses tools, also of very many")
  func reach() {
    var input = PlanInput()
    input.desired = [Resource(.senders, "web", ["allow": ["carol"]])]
    input.observed[ResourceAddress(.senders, "web")] = .absent
    input.reach = {
      [
        Plan.Reach(
          channel: "web", who: "@carol <b>", conversation: "direct", gains: ["exec"], loses: [])
      ]
    }
    let text = PlanMarkdown.render(Planner.plan(input))
    #expect(text.contains("**Reach**"), "\(text)")
    #expect(text.contains("gains exec") && text.contains("@carol &lt;b&gt;"), "\(text)")
    input.reach = {
      (0..<2_000).map {
        Plan.Reach(
          channel: "web", who: "s\($0)", conversation: "direct", gains: ["exec"], loses: [])
      }
    }
    let many = PlanMarkdown.render(Planner.plan(input))
    #expect(many.contains("and 1950 more") && many.unicodeScalars.count < 65_536)
  }
}
