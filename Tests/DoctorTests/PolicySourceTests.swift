// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Testing

@testable import Doctor

/// Whose commits are taken, and what was recorded of them.
struct PolicySourceTests {
  private var host: HostBuilder
  private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"
  private static let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB"

  init() throws {
    host = try HostBuilder()
    host.now = Date(timeIntervalSince1970: 1_800_000_000)  // 2027-01-15T08:00:00Z
  }

  private func examine(_ check: Check = .sourceVerified, signers: [String]) async throws
    -> CheckResult
  {
    var host = host
    try host.setBootstrap(
      """
      version: 1
      source: {repository: /srv/config, verify: signatures}
      signers: {\(signers.joined(separator: ", "))}

      """)
    return await host.examine(check)
  }

  @Test func unverifiedSourceWarnsAndKeepsFromGoingLive() async {
    let said = "source.verify is none: whoever can write to the repository decides what runs here"
    let result = await host.examine(.sourceVerified)
    #expect(result.status == .warn && result.evidence == said)
    let live = await host.examine(.goLiveSource)
    #expect(live.status == .fail && live.evidence == said)
  }

  @Test func validSignerPasses() async throws {
    let signers = ["alice: {key: \"\(Self.key)\"}"]
    let result = try await examine(signers: signers)
    #expect(result.isPass && result.evidence == "commits are taken from alice")
    #expect(try await examine(.goLiveSource, signers: signers).isPass)
  }

  static let invalid: [(String, String)] = [
    ("validUntil: 2027-01-01", "expired 2027-01-01T00:00:00Z"),
    ("validFrom: 2027-02-01", "is valid from 2027-02-01T00:00:00Z"),
    ("revoked: 2020-01-01", "is revoked"), ("revoked: 2030-01-01", "is revoked"),
  ]

  @Test(arguments: PolicySourceTests.invalid)
  func noValidSignerFails(field: String, why: String) async throws {
    let bob = "bob: {key: \"\(Self.key)\", \(field)}"
    let result = try await examine(signers: [bob])
    #expect(result.status == .fail && result.evidence == "signer bob \(why)")
    let both = try await examine(signers: [bob, "alice: {key: \"\(Self.other)\"}"])
    #expect(both.isPass)
    #expect(both.evidence == "commits are taken from alice; signer bob \(why)")
  }

  @Test func keyThatIsRevokedOnceIsRevokedEverywhere() async throws {
    let result = try await examine(signers: [
      "alice: {key: \"\(Self.key) alice@desk\"}",
      "old: {key: \"\(Self.key)\", roles: [approve], revoked: 2026-01-01}",
    ])
    #expect(result.status == .fail && result.evidence == "signer alice is revoked")
  }

  @Test func otherRolesSignNoCommits() async throws {
    for signers in [[], ["alice: {key: \"\(Self.key)\", roles: [approve]}"]] {
      let result = try await examine(signers: signers)
      #expect(result.status == .fail && result.evidence == "no signer has the role commit")
    }
  }

  @Test func withoutItsFileThereIsNothingToLookAt() async {
    var host = host
    host.bootstrap = .success(nil)
    #expect(await host.examine(.sourceVerified).isNotApplicable)
    #expect(await host.examine(.goLiveSource).status == .fail)
    host.bootstrap = .failure(ApplianceError(.init("io.unsafe"), "others can write it"))
    #expect(await host.examine(.sourceVerified).status == .unknown)
    #expect(await host.examine(.goLiveSource).status == .unknown)
  }

  // MARK: audit.intact

  @Test func logIsThereOnceTheApplianceRan() async throws {
    #expect(await host.examine(.auditIntact).isNotApplicable)
    try host.use()
    let result = await host.examine(.auditIntact)
    #expect(result.isPass)
    #expect(
      result.evidence == "not sealed yet, 2 lines since; kafclaw audit verify reads all of it")
    try host.trail.seal(at: host.now)
    #expect(await host.examine(.auditIntact).evidence.hasPrefix("sealed 2027-01-15T08:00:00Z, 0 "))
  }

  @Test func timelineWithoutALogFails() async throws {
    try host.write("", to: host.paths.timelineFile)
    let result = await host.examine(.auditIntact)
    #expect(result.status == .fail)
    #expect(
      result.evidence == "no audit log, although \(host.paths.timelineFile) is there")
  }

  @Test func logThatIsGoneFails() async throws {
    try host.use()
    let folder = host.paths.audit
    for name in try PrivateFolder.names(in: folder) where name.hasSuffix(".jsonl") {
      try host.write("", to: "\(folder)/\(name)")
    }
    #expect(await host.examine(.auditIntact).status == .fail)
  }
}
