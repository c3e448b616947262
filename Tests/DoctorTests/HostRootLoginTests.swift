// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc
import Testing

@testable import Doctor

/// What sshd lets in.
struct HostRootLoginTests {
  private let host: HostBuilder
  private static let main = "/etc/ssh/sshd_config"
  private static let safe = "PermitRootLogin no\nPasswordAuthentication no\n"

  init() throws { host = try HostBuilder() }

  private func examine(_ text: String) async throws -> CheckResult {
    try host.place(Self.main, text)
    return await host.examine(.hostRootLogin)
  }

  @Test func withoutAServerThereIsNothingToLookAt() async {
    #expect(await host.examine(.hostRootLogin).isNotApplicable)
  }

  @Test func keysAlonePass() async throws {
    let result = try await examine(Self.safe)
    #expect(result.isPass)
    #expect(
      result.evidence
        == "PermitRootLogin is no (/etc/ssh/sshd_config:1), PasswordAuthentication is "
        + "no (/etc/ssh/sshd_config:2)")
  }

  @Test func standardOfRootPassesAndThatOfPasswordsWarns() async throws {
    #expect(try await examine("PasswordAuthentication no\n").isPass)
    let result = try await examine("# PasswordAuthentication no\n")
    #expect(result.status == .warn)
    #expect(result.evidence == "PasswordAuthentication is yes (sshd's default)")
  }

  @Test(arguments: [
    "PermitRootLogin yes", "permitrootlogin YES", "PermitRootLogin=yes", "PermitRootLogin = yes",
    "\tPermitRootLogin\t\"yes\" # for now", "PermitRootLogin yes\nPermitRootLogin no",
    "Match all\nPermitRootLogin yes", "PermitRootLogin yes\r\nUsePAM no\r",
  ])
  func rootLoginFails(text: String) async throws {
    let result = try await examine("PasswordAuthentication no\n\(text)\n")
    #expect(result.status == .fail)
    #expect(result.evidence.hasPrefix("PermitRootLogin is yes (/etc/ssh/sshd_config:"))
  }

  @Test(arguments: [
    "PermitRootLogin no\nPermitRootLogin yes", "#PermitRootLogin yes", "PermitRootLoginX yes",
    "PermitRootLogin prohibit-password", "PermitRootLogin forced-commands-only",
    "PermitRootLogin no # PermitRootLogin yes",
  ])
  func otherSettingsPass(text: String) async throws {
    #expect(try await examine("PasswordAuthentication no\n\(text)\n").isPass)
  }

  @Test func matchLoosensForSome() async throws {
    let result = try await examine(
      Self.safe + "Match Address 10.0.0.0/8\n  PermitRootLogin yes\n  PasswordAuthentication no\n")
    #expect(result.status == .warn)
    #expect(
      result.evidence == "for some connections permitrootlogin is yes (/etc/ssh/sshd_config:4)")
  }

  @Test func matchTightensNothing() async throws {
    let result = try await examine(
      "PermitRootLogin yes\nPasswordAuthentication no\nMatch User bob\nPermitRootLogin no\n")
    #expect(result.status == .fail)
  }

  @Test func matchAllOverridesTheRest() async throws {
    let result = try await examine(
      "PermitRootLogin yes\nPasswordAuthentication yes\nMatch User bob\nX11Forwarding no\n"
        + "Match all\n\(Self.safe)")
    #expect(result.isPass)
  }

  @Test func passwordsThroughPAMWarn() async throws {
    let asks = try await examine(Self.safe + "UsePAM yes\n")
    #expect(asks.status == .warn)
    #expect(
      asks.evidence == "passwords are asked for by PAM: KbdInteractiveAuthentication is yes "
        + "(sshd's default) and UsePAM is yes")
    let keys = ["KbdInteractiveAuthentication no", "ChallengeResponseAuthentication no"]
    for key in keys { #expect(try await examine(Self.safe + "UsePAM yes\n\(key)\n").isPass) }
  }

  // MARK: Include

  @Test func includedFilesComeWhereTheyAreNamed() async throws {
    try host.place("/etc/ssh/sshd_config.d/10-a.conf", "PermitRootLogin yes\n")
    try host.place("/etc/ssh/sshd_config.d/20-b.conf", "PasswordAuthentication no\n")
    try host.place("/etc/ssh/sshd_config.d/30-c.txt", "PermitRootLogin no\n")
    try host.place("/etc/ssh/sshd_config.d/.hidden.conf", "PermitRootLogin no\n")
    let first = try await examine("Include /etc/ssh/sshd_config.d/*.conf\n\(Self.safe)")
    #expect(first.status == .fail)
    #expect(
      first.evidence == "PermitRootLogin is yes (/etc/ssh/sshd_config.d/10-a.conf:1)")
    #expect(try await examine("\(Self.safe)Include sshd_config.d/*.conf\n").isPass)
    #expect(try await examine("Include none/*.conf absent\n\(Self.safe)").isPass)
  }

  @Test func matchEndsWithItsFile() async throws {
    try host.place("/etc/ssh/more", "Match User bob\nPermitRootLogin no\n")
    let result = try await examine("Include more\nPermitRootLogin yes\nPasswordAuthentication no\n")
    #expect(result.status == .fail)
    try host.place("/etc/ssh/more", "PermitRootLogin yes\n")
    #expect(try await examine("\(Self.safe)Match User bob\nInclude more\n").status == .warn)
  }

  @Test func whatIsNotFollowedIsUnknown() async throws {
    #expect(try await examine("Include /etc/*/sshd.conf\n\(Self.safe)").status == .unknown)
    try host.place("/etc/ssh/loop", "Include loop\n")
    #expect(try await examine("Include loop\n\(Self.safe)").status == .unknown)
    // A failure that is seen is one, whatever else could not be.
    #expect(try await examine("Include loop\nPermitRootLogin yes\n").status == .fail)
  }

  @Test(.enabled(if: geteuid() != 0, "root reads everything"))
  func unreadableFilesAreUnknown() async throws {
    try host.place(Self.main, Self.safe, mode: 0)
    #expect(await host.examine(.hostRootLogin).status == .unknown)
    try host.place("/etc/ssh/more", "PermitRootLogin yes\n", mode: 0)
    #expect(try await examine("Include more\n\(Self.safe)").status == .unknown)
  }

  @Test(arguments: [
    ("", nil), ("   ", nil), ("# x", nil), ("Port 22", ["port", "22"]),
    ("A=b c", ["a", "b", "c"]), ("A = b", ["a", "b"]), ("A \"b c\" d#e #f", ["a", "b c", "d#e"]),
    ("A \"\"", ["a", ""]), ("A 'b", ["a", "b"]), ("A b=c", ["a", "b=c"]),
  ])
  func wordsAreSplit(line: String, words: [String]?) {
    let found = SSHDConfiguration.words(line[...])
    #expect(found.map { [$0.keyword] + $0.arguments } == words)
  }
}
