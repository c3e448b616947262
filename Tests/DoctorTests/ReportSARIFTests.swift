// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Testing

@testable import Doctor

/// SARIF 2.1.0: what its schema demands, and what a result says of a finding.
struct ReportSARIFTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  /// One result of every kind.
  private var examination: Examination {
    var suppressed = CheckResult(.hostFirewall, Verdict(.warn, "no firewall"))
    suppressed.suppressed = .init(
      reason: "the provider filters", owner: "ops", expires: now.addingTimeInterval(86_400))
    return Examination(
      [
        CheckResult(.processRoot, .pass("user 1000")),
        CheckResult(.gatewayExposure, .notRunning),
        CheckResult(.hostUpdates, Verdict(.warn, "the package lists are 9 days old")),
        CheckResult(.foldersIsolated, Verdict(.fail, ["one", "two"])),
        CheckResult(.hostAccounts, Verdict(.fail, "a second root", remedy: "usermod -L toor")),
        CheckResult(.hostRootLogin, Verdict(.unknown, "could not look")), suppressed,
      ], at: now)
  }

  private func run(_ examination: Examination) throws -> JSONValue {
    let report = SARIFReport.render(examination)
    #expect(report["version"] == "2.1.0")
    #expect(report["$schema"]?.stringValue?.hasSuffix("/sarif-schema-2.1.0.json") == true)
    let runs = try #require(report["runs"]?.arrayValue)
    #expect(runs.count == 1)
    return try #require(runs.first)
  }

  private func results() throws -> [String: JSONValue] {
    let results = try #require(try run(examination)["results"]?.arrayValue)
    return Dictionary(
      results.map { ($0["ruleId"]?.stringValue ?? "", $0) }, uniquingKeysWith: { first, _ in first }
    )
  }

  @Test func reportHasWhatTheSchemaDemands() throws {
    let run = try run(examination)
    #expect(run["tool"]?["driver"]?["name"] == "kafclaw")
    #expect(run["tool"]?["driver"]?["version"] == .string(ApplianceVersion.current))
    let rules = try #require(run["tool"]?["driver"]?["rules"]?.arrayValue)
    let results = try #require(run["results"]?.arrayValue)
    #expect(rules.map { $0["id"] } == results.map { $0["ruleId"] })
    #expect(results.indices.map { .integer(Int64($0)) } == results.map { $0["ruleIndex"] })
    for rule in rules {
      #expect(rule["shortDescription"]?["text"]?.stringValue?.isEmpty == false)
      #expect(rule["help"]?["text"]?.stringValue?.isEmpty == false)
      let levels: [JSONValue?] = ["warning", "error"]
      #expect(levels.contains(rule["defaultConfiguration"]?["level"]))
      let score = rule["properties"]?["security-severity"]?.stringValue.flatMap(Double.init)
      #expect(score.map { (0.1...10).contains($0) } == true)
      let tags = rule["properties"]?["tags"]?.arrayValue ?? []
      #expect(tags.contains("security") && Set(tags).count == tags.count)
    }
    for result in results {
      #expect(result["message"]?["text"]?.stringValue?.isEmpty == false)
      #expect(result["locations"] == nil)
      #expect(result["kind"] == "fail" || result["level"] == "none")
    }
  }

  static let kinds: [(String, JSONValue, JSONValue)] = [
    ("process.root", "pass", "none"), ("gateway.exposure", "notApplicable", "none"),
    ("host.updates", "fail", "warning"), ("folders.isolated", "fail", "error"),
    ("host.accounts", "fail", "warning"), ("host.root-login", "open", "none"),
    ("host.firewall", "fail", "warning"),
  ]

  @Test(arguments: ReportSARIFTests.kinds)
  func kindsAndLevelsFitTheFinding(id: String, kind: JSONValue, level: JSONValue) throws {
    let result = try #require(try results()[id])
    #expect(result["kind"] == kind)
    #expect(result["level"] == level)
    #expect((result["suppressions"] == nil) == (id != "host.firewall"))
  }

  @Test func messagesHaveEvidenceAndRemedy() throws {
    let results = try results()
    #expect(results["process.root"]?["message"]?["text"] == "user 1000")
    #expect(
      results["host.accounts"]?["message"]?["text"] == "a second root; remedy: usermod -L toor")
    #expect(
      results["folders.isolated"]?["message"]?["text"]?.stringValue?.hasPrefix("one; two; ") == true
    )
  }

  @Test func suppressionsAreToldWithTheirReason() throws {
    let suppressions = try results()["host.firewall"]?["suppressions"]
    #expect(
      suppressions == [
        [
          "kind": "external", "status": "accepted", "justification": "the provider filters",
          "properties": ["owner": "ops", "expires": "2027-01-16T08:00:00Z"],
        ]
      ])
  }

  @Test func whatCouldNotBeLookedAtMakesTheRunIncomplete() throws {
    let invocation = try #require(try run(examination)["invocations"]?.arrayValue?.first)
    #expect(invocation["executionSuccessful"] == false)
    #expect(invocation["endTimeUtc"] == "2027-01-15T08:00:00Z")
    let notifications = try #require(invocation["toolExecutionNotifications"]?.arrayValue)
    #expect(notifications.map { $0["associatedRule"]?["id"] } == ["host.root-login"])
    let whole = try run(Examination([CheckResult(.processRoot, .pass("user 1000"))], at: now))
    #expect(whole["invocations"]?.arrayValue?.first?["executionSuccessful"] == true)
  }

  /// §3.11.5 and §3.11.6: braces are placeholders, brackets before a parenthesis are links.
  @Test func textFromOutsideIsNeitherLinkNorPlaceholder() throws {
    let evidence = "[see](https://example.org) {0} \u{1B}[31m"
    let run = try run(
      Examination([CheckResult(.processRoot, .pass(evidence))], at: now))
    #expect(
      run["results"]?.arrayValue?.first?["message"]?["text"]
        == "[see] (https://example.org) {{0}} \\u{{1b}}[31m")
  }

  @Test func allChecksTogetherAreCoded() async throws {
    let host = try HostBuilder()
    let found = await Examiner.examine(host.host, CheckSelection([.security, .goLive]))
    let bytes = try ApplianceJSON.encode(SARIFReport.render(found))
    let back = try ApplianceJSON.decode(JSONValue.self, from: bytes)
    #expect(back == SARIFReport.render(found))
    #expect(back["runs"]?.arrayValue?.first?["results"]?.arrayValue?.count == found.checks.count)
  }
}
