// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Signed commits, from outside: a real repository, real signatures, the real program.
@Suite(.serialized) struct SignedSourceTests {
  private let appliance: RunningAppliance
  private let signed: SignedRepository
  private let start: String

  init() throws {
    appliance = try RunningAppliance(name: "signed")
    signed = try SignedRepository(in: appliance.scratch)
    start = try signed.commit(["kafclaw.yaml": Self.yaml(appliance)])
    try configure(try signed.bootstrap(start: start))
  }

  private static func yaml(_ appliance: RunningAppliance, allow: String = "[alice]") -> String {
    RunningAppliance.yaml(
      port: appliance.port, dashboardPort: appliance.dashboardPort, allow: allow)
  }

  private func configure(_ text: String) throws {
    try appliance.scratch.write("home/.config/kafclaw/appliance.yaml", text)
  }

  private func change(_ allow: String, by signer: String? = "alice") throws -> String {
    try signed.commit(["kafclaw.yaml": Self.yaml(appliance, allow: allow)], by: signer)
  }

  private func condition(_ type: String) throws -> String? {
    try appliance.status().conditions.first { $0.type == type }?.reason
  }

  @Test func firstCommitIsNotTrustedBecauseItWasFirst() throws {
    try configure(
      try signed.bootstrap(start: start)
        .replacingOccurrences(of: ", start: \"\(start)\"", with: ""))
    let result = try appliance.run("run", "--once")
    #expect(result.code == 7)
    #expect(result.errors.contains("nobody has confirmed the commit"))
    #expect(result.errors.contains(start))
  }

  @Test func onlySignedCommitsAreFollowed() async throws {
    try await appliance.startReady()
    #expect(try condition("SourceUnverified") == nil)
    let second = try change("[alice, bob]")
    #expect(try appliance.run("reconcile").code == 0)
    #expect(try appliance.status().revisions.applied == second)
    for signer in [nil, "mallory"] {
      _ = try change("[alice, eve]", by: signer)
      let refused = try appliance.run("reconcile")
      #expect(refused.code == 7)
      #expect(try appliance.status().revisions.applied == second)
      #expect(try condition("Stalled") == "SourceRejected")
      try signed.git(["reset", "-q", "--hard", second])
    }
    // A merge vouches for what it brings.
    try signed.git(["checkout", "-q", "-b", "side"])
    _ = try change("[alice, carol]", by: nil)
    try signed.git(["checkout", "-q", "main"])
    try signed.git(["merge", "-q", "--no-ff", "-S", "-m", "merge", "side"], "alice")
    try signed.run(["chmod", "-R", "a+rX", signed.path])
    #expect(try appliance.run("reconcile").code == 0)
    #expect(try appliance.status().revisions.applied == (try signed.head))
    #expect(try appliance.status().ready)
  }

  @Test func revokedSignerFlipsTheAppliedRevision() async throws {
    try await appliance.startReady()
    try configure(try signed.bootstrap(start: start, revoked: "2026-01-01"))
    #expect(try appliance.run("reconcile").code == 7)
    #expect(try condition("SourceUnverified") == "SignatureNoLongerValid")
    #expect(try appliance.status().ready == false)
    #expect(try await appliance.chat("hello", sender: "alice").status == 200)
    try configure(try signed.bootstrap(start: start))
    #expect(try appliance.run("reconcile").code == 0)
    #expect(try condition("SourceUnverified") == nil)
  }

  @Test func rewindIsRefusedUntilSomebodySignsIt() async throws {
    try await appliance.startReady()
    let second = try change("[alice, bob]")
    #expect(try appliance.run("reconcile").code == 0)
    try signed.git(["reset", "-q", "--hard", start])
    let other = try change("[alice, dave]")
    let refused = try appliance.run("reconcile")
    #expect(refused.code == 7)
    #expect(refused.errors.contains("rewound"))
    #expect(try appliance.status().revisions.applied == second)
    // A wiped state home does not reopen it, nor is the log that went with it passed over.
    #expect(appliance.stop() == 0)
    try Program.command(["rm", "-r", "\(appliance.home)/.kafclaw"])
    let silent = try appliance.run("run", "--once")
    #expect(silent.code == 1)
    #expect(silent.errors.contains("the audit log is gone"))
    #expect(try appliance.run("audit", "begin-anew", "--reason", "wiped").code == 0)
    #expect(try appliance.run("run", "--once").errors.contains("rewound"))
    let word = try appliance.run("source", "accept", "--commit", other, "--reason", "x")
    #expect(word.code == 7, "an operator's word is not enough")
    let file = "\(appliance.scratch.path)/rewind.json"
    let text = try appliance.run("source", "statement", "--to", other).output
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    try signed.run(
      [
        "ssh-keygen", "-q", "-Y", "sign", "-n", "emergency@kafclaw", "-f", signed.key("alice"),
        file,
      ])
    try signed.run(["chmod", "a+r", file, "\(file).sig"])
    let accept = ["source", "accept", "--statement", file, "--signature", "\(file).sig"]
    let accepted = try Program.run(accept, home: appliance.home)
    #expect(accepted.code == 0, "\(accepted.errors)")
    #expect(try Program.run(accept, home: appliance.home).code == 7, "it works once")
    try appliance.start()
    #expect(await eventually { (try? appliance.status().revisions.applied) == other })
  }

  @Test func reviewedPlanIsCarriedOutExactlyOrNotAtAll() async throws {
    try await appliance.startReady()
    let plan = "\(appliance.home)/plan.json"
    _ = try change("[alice, bob]")
    #expect(try appliance.run("apply", "--dry-run", "--plan-out", plan).code == 0)
    let changed = try change("[alice, eve]")
    let stale = try appliance.run("apply", "--plan", plan)
    #expect(stale.code == 5)
    #expect(stale.errors.contains("eve"))
    #expect(try appliance.status().revisions.applied == start)
    #expect(try appliance.run("apply", "--dry-run", "--plan-out", plan).code == 0)
    #expect(try appliance.run("apply", "--plan", plan).code == 0)
    #expect(try appliance.status().revisions.applied == changed)
    let altered = try String(contentsOfFile: plan, encoding: .utf8)
      .replacingOccurrences(of: "eve", with: "mal")
    try appliance.scratch.write("home/plan.json", altered)
    #expect(try appliance.run("apply", "--plan", plan).code == 5)
  }
}
