// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState
import FoundationEssentials
import Testing

@testable import Doctor

/// Findings that are lived with.
struct PolicySuppressionTests {
  private var host: HostBuilder

  init() throws {
    host = try HostBuilder()
    host.now = Date(timeIntervalSince1970: 1_800_000_000)  // 2027-01-15T08:00:00Z
  }

  /// - Parameter suppressions: Checks and when they end.
  private func suppressing(_ suppressions: [(String, String)]) throws -> HostBuilder {
    var host = host
    let lines = suppressions.map { "{check: \($0), reason: known, owner: ops, expires: \($1)}" }
    try host.desire(
      HostBuilder.desiredText
        + "security: {suppressions: [\(lines.joined(separator: ", "))]}\n")
    return host
  }

  @Test func activeOnesAreListed() async throws {
    let host = try suppressing([("host.firewall", "2027-01-16"), ("host.updates", "2027-02-01")])
    let result = await host.examine(.securitySuppressions)
    #expect(result.isPass)
    #expect(
      result.evidence == "host.firewall until 2027-01-16T00:00:00Z: known (ops); "
        + "host.updates until 2027-02-01T00:00:00Z: known (ops)")
  }

  @Test func endedOnesFail() async throws {
    let host = try suppressing([("host.firewall", "2027-01-15"), ("host.updates", "2027-02-01")])
    let result = await host.examine(.securitySuppressions)
    #expect(result.status == .fail)
    #expect(result.evidence == "host.firewall: ended 2027-01-15T00:00:00Z (ops)")
  }

  @Test func unknownOnesWarn() async throws {
    let result = await (try suppressing([("host.fierwall", "2027-02-01")])).examine(
      .securitySuppressions)
    #expect(result.status == .warn && result.evidence == "there is no check \"host.fierwall\"")
  }

  @Test(arguments: ["process.root", "gateway.exposure", "security.suppressions"])
  func criticalOnesAndItselfFail(check: String) async throws {
    let result = await (try suppressing([(check, "2027-02-01")])).examine(.securitySuppressions)
    #expect(result.status == .fail && result.evidence == "\(check) cannot be suppressed")
  }

  @Test func onlyWhatMayBeIsSuppressed() async throws {
    var host = try suppressing([
      ("host.firewall", "2027-02-01"), ("host.updates", "2027-01-01"),
      ("process.root", "2027-02-01"), ("security.suppressions", "2027-02-01"),
    ])
    host.user = 0
    var selection = CheckSelection([.security])
    selection.only = ["host.firewall", "host.updates", "process.root", "security.suppressions"]
    let spec = try #require(try host.desired.get()?.spec)
    let found = await Examiner.examine(
      host.host, selection, suppressing: Suppression.declared(in: spec))
    let counted = found.checks.filter(\.counts).map(\.id).sorted()
    #expect(counted == ["host.updates", "process.root", "security.suppressions"])
    let suppressed = try #require(found.checks.first { $0.suppressed != nil })
    #expect(suppressed.id == "host.firewall" && suppressed.suppressed?.owner == "ops")
  }

  /// Whatever is not critical can be named in the desired state.
  @Test func everyIDIsOneThatTheDesiredStateTakes() throws {
    let ids = Checks.all.map(\.id)
    #expect(Set(ids).count == ids.count)
    for id in ids {
      #expect(try suppressing([(id, "2027-02-01")]).desiredIssues.map(\.description) == [])
    }
  }
}
