// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Testing

@testable import Doctor

/// What people read.
struct ReportTextTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  private var examination: Examination {
    var suppressed = CheckResult(.hostFirewall, Verdict(.warn, "no firewall"))
    suppressed.suppressed = .init(
      reason: "the provider filters", owner: "ops", expires: now.addingTimeInterval(86_400))
    return Examination(
      [
        CheckResult(.processRoot, .pass("user 1000")),
        CheckResult(.gatewayExposure, .notRunning),
        CheckResult(.hostUpdates, Verdict(.warn, "the package lists are 9 days old")),
        CheckResult(
          .foldersIsolated, Verdict(.fail, ["one", "two"], remedy: "choose \u{1B}[31m another")),
        CheckResult(.hostRootLogin, Verdict(.unknown, "could not look", remedy: "ask root")),
        suppressed,
      ], at: now)
  }

  @Test func everyCheckIsALineAndWhatCountsIsExplained() {
    #expect(
      ExaminationText.render(examination) == """
        ok    process.root      Nothing of the appliance runs as root
        n/a   gateway.exposure  The gateway listens where it is meant to, and to nobody without a token
        warn  host.updates      The host learns of updates and waits for no restart
              the package lists are 9 days old
              remedy: apt-get update, apt-get upgrade, and a restart where one is due
              medium, runbook 1.5
        FAIL  folders.isolated  The agent's folders are apart from sensitive paths
              one; two
              remedy: choose \\u{1b}[31m another
              critical, runbook 1.4
        ????  host.root-login   Nobody logs in as root or with a password over ssh
              could not look
              remedy: ask root
              high, runbook 1.5; sshd_config(5)
        warn  host.firewall     A firewall is enabled  (suppressed until 2027-01-16T08:00:00Z by ops: the provider filters)

        Checks: 1 ok, 1 not applicable, 1 warning, 1 failed, 1 unknown, 1 suppressed.

        """)
  }

  @Test func coloursAreForHeadsAlone() {
    let plain = ExaminationText.render(examination)
    let lines = ExaminationText.render(examination, colour: true).split(separator: "\n")
    let codes = lines.compactMap { line in
      line.hasPrefix("\u{1B}[") ? line.dropFirst(2).prefix { $0 != "m" } : nil
    }
    #expect(codes == ["32", "2", "33", "31", "31", "2"])
    let stripped = ExaminationText.render(examination, colour: true)
      .replacing(/\u{1B}\[[0-9]+m/, with: "")
    #expect(stripped == plain)
  }

  @Test func countsLeaveOutWhatThereIsNot() {
    #expect(ExaminationText.render(Examination([], at: now)) == "Checks: none.\n")
    let one = Examination([CheckResult(.processRoot, .pass("user 1000"))], at: now)
    #expect(ExaminationText.verdict(one) == "Checks: 1 ok.")
    let warnings = [Check.hostUpdates, .hostFirewall].map { CheckResult($0, Verdict(.warn, "x")) }
    #expect(ExaminationText.verdict(Examination(warnings, at: now)) == "Checks: 2 warnings.")
  }

  // MARK: The reference page

  @Test func everyCheckStandsInTheReferenceOnce() {
    let rows = Checks.reference.split(separator: "\n")
    for check in Checks.all {
      let found = rows.filter { $0.hasPrefix("| `\(check.id)` |") }
      #expect(found.count == 1, "\(check.id)")
      #expect(found.allSatisfy { $0.contains("| \(check.title) | \(check.severity.rawValue) | ") })
      #expect(found.allSatisfy { $0.hasSuffix(" |") && !$0.contains("\n") })
    }
    #expect(rows.count { $0.hasPrefix("| `") } == Checks.all.count)
  }

  @Test func repairsAndProposalsAreMarked() {
    let row = Checks.reference.split(separator: "\n")
      .first { $0.hasPrefix("| `tools.restrict-workspace` |") }
    #expect(row?.contains("| proposed |") == true)
  }

  /// Titles are sentences without their period; remedies say something.
  @Test func everyCheckSaysWhatItWants() {
    for check in Checks.all {
      #expect(!check.title.isEmpty && check.title.last != ".", "\(check.id)")
      #expect(!check.remedy.isEmpty && !check.reference.isEmpty, "\(check.id)")
      #expect(!check.title.contains("|"), "\(check.id)")
    }
  }
}
