// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Testing

@testable import Doctor

/// Who may administer the host.
struct HostAccountsTests {
  private let host: HostBuilder

  init() throws {
    host = try HostBuilder()
    try host.placeDebian()
  }

  private func examine(adding accounts: [String] = [], groups: String) async throws -> CheckResult {
    try host.place(
      "/etc/passwd", HostBuilder.accounts + accounts.map { "\($0)\n" }.joined())
    try host.place("/etc/group", groups)
    return await host.examine(.hostAccounts)
  }

  @Test func accountOfOnesOwnPasses() async {
    let result = await host.examine(.hostAccounts)
    #expect(result.isPass)
    #expect(result.evidence == "accounts in sudo, wheel or admin: \"alice\"")
  }

  @Test func nobodyAtAllPasses() async throws {
    let result = try await examine(groups: "sudo:x:27:\n")
    #expect(result.isPass)
    #expect(result.evidence == "no account with a shell is in sudo, wheel or admin")
  }

  @Test(arguments: ["/bin/bash", "/usr/sbin/nologin"])
  func secondRootFails(shell: String) async throws {
    let result = try await examine(
      adding: ["toor:x:0:0::/root:\(shell)"], groups: "sudo:x:27:alice\n")
    #expect(result.status == .fail)
    #expect(
      result.evidence == "account \"toor\" has uid 0: it is a second root, whatever its name")
  }

  @Test(arguments: [
    "admin", "administrator", "ubuntu", "debian", "ec2-user", "user", "test", "operator", "deploy",
    "pi", "vagrant",
  ])
  func namesThatAreNobodysOwnWarn(name: String) async throws {
    let result = try await examine(
      adding: ["\(name):x:1001:1001::/home/x:/bin/sh"], groups: "wheel:x:10:alice,\(name)\n")
    #expect(result.status == .warn)
    #expect(
      result.evidence == "account \"\(name)\" is in group wheel, and its name is nobody's own")
  }

  @Test(arguments: ["/usr/sbin/nologin", "/sbin/nologin", "/bin/false"])
  func accountsWithoutAShellDoNotCount(shell: String) async throws {
    let result = try await examine(
      adding: ["admin:x:1001:1001::/:\(shell)"], groups: "sudo:x:27:admin,alice\n")
    #expect(result.isPass)
  }

  /// An empty shell is /bin/sh (passwd(5)).
  @Test func accountsWithTheStandardShellDo() async throws {
    let result = try await examine(
      adding: ["admin:x:1001:1001::/:"], groups: "sudo:x:27:admin\n")
    #expect(result.status == .warn)
  }

  @Test func firstGroupsCountAndDirectoriesToo() async throws {
    let byNumber = try await examine(
      adding: ["deploy:x:1001:27::/:/bin/sh"], groups: "sudo:x:27:\n")
    #expect(byNumber.status == .warn)
    let elsewhere = try await examine(adding: ["+::::::"], groups: "admin:x:115:ubuntu\n+:::\n")
    #expect(elsewhere.status == .warn)
  }

  @Test(arguments: [
    "root:x:0:0:root:/root", "root:x:0:0:root:/root:/bin/sh:more", ":x:0:0:::",
    "toor:x:-1:0:::", "toor:x:zero:0:::", "toor:x:99999999999999999999:0:::", "toor",
    "toor:x:0x0:0:::",
  ])
  func linesWithoutTheirFormAreUnknown(line: String) async throws {
    let result = try await examine(adding: [line], groups: "sudo:x:27:alice\n")
    #expect(result.status == .unknown)
    #expect(result.evidence == "could not look: line 4 of /etc/passwd has not its form")
  }

  @Test(arguments: ["/etc/passwd", "/etc/group"])
  func missingFilesAreUnknown(path: String) async throws {
    try host.removeSystemFile(path)
    #expect(await host.examine(.hostAccounts).status == .unknown)
  }

  @Test func namesFromOutsideAreMadeVisible() async throws {
    let result = try await examine(
      adding: ["a\u{1B}[31m:x:0:0:::/bin/sh"], groups: "sudo:x:27:\n")
    #expect(result.status == .fail && !result.evidence.contains("\u{1B}"))
  }
}
