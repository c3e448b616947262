// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// `kafclaw doctor` and `kafclaw security`: what they say of a host that is as it should be, their
/// exit codes and forms.
@Suite struct DoctorCommandTests {
  /// True of a host whose commits are not verified, and that has no tomb.
  private static let quickstart = ["source.verified": "warn", "token.age": "warn"]

  private func stopped() throws -> RunningAppliance {
    let appliance = try RunningAppliance(name: "doctor")
    #expect(try appliance.command(["tomb", "init"]).code == 0)
    #expect(try appliance.command(["run", "--once"]).code == 0)
    return appliance
  }

  @Test func freshHostHasNoFindingThatIsNotTrue() async throws {
    let appliance = try RunningAppliance(name: "doctor")
    try await appliance.startReady()
    #expect(try appliance.examine().findings == ["token.age": "warn"])
    #expect(try appliance.examine(["doctor"], [:]).findings == ["token.age": "warn"])
    #expect(try appliance.examine(["security", "check"]).findings == Self.quickstart)
    #expect(appliance.stop() == 0)
    let ended = Self.quickstart.merging(["appliance.running": "warn"]) { one, _ in one }
    #expect(
      try appliance.examine().findings == ["appliance.running": "warn", "token.age": "warn"])
    let found = try appliance.examine(["security", "check"])
    #expect(found.findings == ended)
    #expect(found.check("source.verified")?.evidence.contains("verify is none") == true)
    #expect(!found.checks.contains { $0.evidence.contains(appliance.token) })
  }

  @Test func exitCodesTellWhatWasFound() throws {
    let appliance = try stopped()
    func code(_ words: String...) throws -> Int32 { try appliance.command(words).code }
    #expect(try code("doctor") == 0)
    #expect(try code("doctor", "--strict") == 2)
    #expect(try code("doctor", "--strict", "--skip", "appliance.running") == 0)
    #expect(try code("doctor", "--strict", "--only", "appliance.running") == 2)
    #expect(try appliance.command(["doctor"], [:]).code == 1)
    #expect(try appliance.command(["doctor", "--strict"], [:]).code == 1)
    let only = try appliance.examine(["doctor", "--only", "state.modes", "--only", "state.trusted"])
    #expect(Set(only.checks.map(\.id)) == ["state.modes", "state.trusted"])
    let skipped = try appliance.examine(["security", "check", "--skip", "source.verified"])
    #expect(skipped.check("source.verified") == nil && skipped.checks.count > 30)
    try Program.command(["chmod", "000", "\(appliance.home)/.config/kafclaw/appliance.yaml"])
    #expect(try code("doctor") == 3)
    #expect(try code("doctor", "--strict") == 3)
  }

  @Test func wrongUseIsToldWithASuggestion() throws {
    let appliance = try RunningAppliance(name: "doctor")
    for command in [
      ["doctor"], ["security", "check"], ["security", "audit"], ["security", "fix"],
    ] {
      for option in ["--only", "--skip"] {
        let wrong = try appliance.command(command + [option, "state.modse"])
        #expect(wrong.code == 64, "\(command)")
        #expect(wrong.errors.contains("did you mean state.modes?"), "\(wrong.errors)")
        #expect(wrong.output.isEmpty)
      }
    }
    for words in [
      ["doctor", "--dry-run"], ["doctor", "--patch", "--fix"],
      ["doctor", "--patch", "--output", "sarif"], ["security", "check", "--profile", "nope"],
      ["security", "check", "--output", "xml"],
    ] { #expect(try appliance.command(words).code == 64, "\(words)") }
  }

  @Test func onlyARepairThatIsAskedForChangesTheHost() throws {
    let appliance = try stopped()
    try Program.command(["chmod", "644", "\(appliance.home)/.kafclaw/timeline.db"])
    let before = try FolderFingerprint(appliance.scratch.path)
    for words in [["doctor"], ["doctor", "--fix", "--dry-run"], ["security", "fix"]] {
      let found = try appliance.examine(words)
      #expect(found.findings["state.modes"] == "fail")
      if words.count > 1 {
        #expect(found.repairs == [.init(check: "state.modes", outcome: "planned")])
      }
      let changed = try FolderFingerprint(appliance.scratch.path).differences(from: before)
      #expect(changed == [], "\(words)")
    }
    // The second look at the host knows the token as the first one did.
    let fixed = try appliance.examine(["doctor", "--fix"])
    #expect(fixed.repairs == [.init(check: "state.modes", outcome: "done")])
    #expect(fixed.findings == ["appliance.running": "warn"])
    for words in [["doctor", "--fix"], ["security", "fix", "--yes"]] {
      #expect(try appliance.examine(words).repairs == [])
    }
    #expect(try appliance.command(["doctor", "--fix"]).output.hasPrefix("nothing to repair\n"))
    let shown = try appliance.command(["audit", "show", "--kind", "doctor.fix"]).output
    #expect(shown.contains("timeline.db"))
  }

  @Test func suppressionCountsWhileItLasts() throws {
    let appliance = try stopped()
    func suppress(_ check: String, until end: String) throws -> Examined {
      try appliance.applyOnce(
        appliance.yaml(
          "security: {suppressions: [{check: \(check), reason: lab, owner: olga, "
            + "expires: \"\(end)\"}]}\n"))
      return try appliance.examine(["security", "check"])
    }
    let words = ["security", "check", "--only", "source.verified", "--strict"]
    let active = try suppress("source.verified", until: "2999-01-01")
    #expect(active.check("source.verified")?.suppressed?.owner == "olga")
    #expect(active.check("security.suppressions")?.status == "pass")
    #expect(active.check("security.suppressions")?.evidence.contains("source.verified") == true)
    #expect(try appliance.command(words).code == 0)
    let ended = try suppress("source.verified", until: "2020-01-01")
    #expect(ended.check("source.verified")?.suppressed == nil)
    #expect(ended.findings["security.suppressions"] == "fail")
    #expect(try appliance.command(words).code == 2)
    #expect(try suppress("process.root", until: "2999-01-01").findings.count == 3)
    let asRoot = appliance.variables.merging(["KAFCLAW_ALLOW_ROOT": "1"]) { _, new in new }
    let critical = try appliance.examine(["security", "check"], asRoot)
    #expect(critical.check("process.root")?.status == "fail")
    #expect(critical.check("process.root")?.suppressed == nil)
    #expect(critical.findings["security.suppressions"] == "fail")
  }

  @Test func formSARIFHasAResultOfEveryCheck() throws {
    let appliance = try stopped()
    for words in [["doctor"], ["security", "check", "--profile", "go-live"]] {
      let ids = try appliance.examine(words).checks.map(\.id)
      let text = try appliance.command(words + ["--output", "sarif"]).output
      let log = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(log["version"] as? String == "2.1.0")
      let runs = try #require(log["runs"] as? [[String: Any]])
      #expect(runs.count == 1)
      let results = try #require(runs.first?["results"] as? [[String: Any]])
      #expect(results.map { $0["ruleId"] as? String } == ids)
      for result in results {
        let isFinding = result["kind"] as? String == "fail"
        #expect(isFinding == (result["level"] as? String != "none"))
      }
    }
  }

  /// Every row has something behind it, and an appliance that is not set up does not pass.
  @Test func goLiveHasEveryRow() throws {
    let appliance = try stopped()
    let words = ["security", "check", "--profile", "go-live"]
    let rows = try appliance.examine(words).checks.filter { $0.id.hasPrefix("go-live.") }
    #expect(rows.count > 10 && rows.allSatisfy { !$0.evidence.hasPrefix("not implemented") })
    #expect(try appliance.command(words).code == 1)
    #expect(
      try appliance.examine(["security", "check"]).checks.allSatisfy {
        !$0.id.hasPrefix("go-live.")
      })
  }
}
