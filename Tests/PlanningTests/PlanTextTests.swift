// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Planning

/// The plan on a terminal.
struct PlanTextTests {
  @Test func planReadsFromTheWorstToTheLeast() {
    let plan = Planner.plan(Plans.everything)
    let expected = """
      Plan for host edge-1 from /srv/config.git at 0123456789ab (verification: none)
        from the environment: gateway.port = 8001 (KAFCLAW_GATEWAY_PORT)
        warning: commits are not verified

        - workspace/old.md  data  removed
            digest  "sha256:dd" → (none)
        x workspace/mine.md  blocked  not-ours
            ! exists already and was not made by this appliance
            digest  "sha256:ee" → "sha256:bb"
        x configuration/config.json  blocked  read-failed
            ! cannot be read: EIO
        ~ senders/web  live
            allow  +"carol" -"bob"
        + workspace/AGENTS.md  live
            digest  "sha256:aa"
        ~ component/gateway  live
            port  8000 → 8001
        ~ modes/run/  none  drift
            mode  "0755" → "0700"  (was applied as "0700")
        . secret/env:TOKEN  none  already-done

        deny baseline/exec-restricted (runbook 1.3): The title. The remedy.
      Guardrails: 1 pass, 0 warn, 1 deny
      Plan: 1 add, 3 change, 1 delete, 2 blocked, 1 to record.
      Plan \(plan.id), valid until 2027-01-16T08:00:00Z
      Effect digest \(plan.effectDigest)

      """
    #expect(PlanText.render(plan) == expected)
  }

  @Test func planWithoutChangesSaysSo() {
    var input = PlanInput()
    input.source = Plan.Source(
      repository: "folder", branch: nil, headCommit: nil, headTree: nil, verification: "none")
    let plan = Planner.plan(input)
    let expected = """
      Plan for this host from folder (verification: none)

      No changes.
      Effect digest \(plan.effectDigest)

      """
    #expect(PlanText.render(plan) == expected)
  }

  @Test func headingTellsWhatIsReplacedAndWhoSigned() {
    var input = Plans.everything
    input.mode = .rollback
    input.source = Plan.Source(
      repository: "r", branch: nil, headCommit: "89abcdef0123456", headTree: nil,
      verification: "head", baseCommit: "0123456789abcdef", verifiedBy: "olga\u{202E}")
    let text = PlanText.render(Planner.plan(input))
    let expected = """
      Rollback plan for host edge-1 from r at 89abcdef0123 (verification: head, signed by olga\\u{202e})
        applied now: 0123456789ab

      """
    #expect(text.hasPrefix(expected))
  }

  @Test func blockedDeletionsAreShownWithTheirReasonOnce() {
    var input = PlanInput()
    for number in 0..<9 {
      let address = ResourceAddress(.modes, "\(number)")
      input.applied[address] = ["mode": "0600"]
      input.observed[address] = .present(["mode": "0600"])
    }
    input.protected = [ResourceAddress(.modes, "4")]
    let plan = Planner.plan(input)
    let text = PlanText.render(plan)
    #expect(text.ranges(of: "  blocked delete  blast-guard\n").count == 8)
    #expect(
      text.contains("  x modes/4  blocked delete  protected\n      ! protected; first commit"))
    #expect(text.ranges(of: "! 8 deletions, 3 at most at once: add ").count == 2)
    #expect(text.contains("Plan: 0 add, 0 change, 0 delete, 9 blocked."))
  }

  @Test func onlyBlockedChangesAreNotNoChanges() {
    var input = Plans.creating(["policy": "open"])
    input.observed = [ResourceAddress(.senders, "web"): .unknown("EIO")]
    #expect(PlanText.verdict(Planner.plan(input)) == "Plan: 0 add, 0 change, 0 delete, 1 blocked.")
  }

  @Test func coloursFollowWhatHappens() {
    let text = PlanText.render(Planner.plan(Plans.everything), colour: true)
    #expect(text.contains("\u{1B}[31m  - workspace/old.md  data  removed\u{1B}[0m\n"))
    #expect(text.contains("\u{1B}[31m  x workspace/mine.md"))
    #expect(text.contains("\u{1B}[32m  + workspace/AGENTS.md"))
    #expect(text.contains("\u{1B}[33m  ~ component/gateway"))
    #expect(text.contains("\u{1B}[2m  . secret/env:TOKEN"))
    #expect(!PlanText.render(Planner.plan(Plans.everything)).contains("\u{1B}"))
  }

  @Test func longValuesAreCutAndCounted() {
    let value = String(repeating: "v", count: 500)
    let text = PlanText.render(Planner.plan(Plans.creating(["x": .string(value)])))
    #expect(text.contains("\n      x  \"\(value.prefix(59))… (502 characters)\n"))
  }

  @Test func listsShowTheirDifference() {
    var input = PlanInput()
    let address = ResourceAddress(.senders, "web")
    let old = (0..<30).map { JSONValue.string("old\($0)") }
    let new = (0..<30).map { JSONValue.string("new\($0)") }
    input.desired = [Resource(.senders, "web", ["allow": .array(new + ["kept"])])]
    input.applied = [address: ["allow": .array(old + ["kept"])]]
    input.observed = [address: .present(["allow": .array(old + ["kept"])])]
    let text = PlanText.render(Planner.plan(input))
    #expect(text.contains("allow  +\"new0\" +\"new1\""))
    #expect(text.contains("-\"old9\" and 40 more\n"))
    #expect(!text.contains("kept"))
  }

  /// Terminals act on control characters; people are deceived by invisible ones.
  static let deceptive: [Unicode.Scalar] = [
    "\u{0}", "\u{7}", "\u{8}", "\u{9}", "\u{A}", "\u{D}", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}",
    "\u{61C}", "\u{200B}", "\u{200E}", "\u{200F}", "\u{2028}", "\u{2029}", "\u{202A}", "\u{202E}",
    "\u{2060}", "\u{2066}", "\u{2069}", "\u{FEFF}",
  ]

  private func hostile(_ scalar: Unicode.Scalar) -> PlanInput {
    let text = "a\(scalar)b"
    var input = Plans.creating([text: .string(text), "list": [.string(text)]], name: text)
    input.host = text
    input.source = Plan.Source(
      repository: text, branch: text, headCommit: nil, headTree: nil, verification: "none")
    input.warnings = [text]
    input.environment = [.init(path: "p", variable: "V", value: .string(text))]
    input.observed[ResourceAddress(.senders, "other")] = .unknown(text)
    return input
  }

  @Test(arguments: PlanTextTests.deceptive)
  func textShowsDeceptiveCharactersAsNumbers(scalar: Unicode.Scalar) {
    let text = PlanText.render(Planner.plan(hostile(scalar)))
    let raw = text.unicodeScalars.filter { $0 == scalar && $0 != "\n" }
    #expect(raw.isEmpty, "U+\(String(scalar.value, radix: 16))")
    #expect(!text.contains("a\nb"))
  }

  @Test(arguments: PlanTextTests.deceptive)
  func markdownShowsDeceptiveCharactersAsNumbers(scalar: Unicode.Scalar) {
    let text = PlanMarkdown.render(Planner.plan(hostile(scalar)))
    let raw = text.unicodeScalars.filter { $0 == scalar && $0 != "\n" }
    #expect(raw.isEmpty, "U+\(String(scalar.value, radix: 16))")
    #expect(!text.contains("a\nb"))
  }
}
