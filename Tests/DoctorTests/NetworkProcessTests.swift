// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing
import Tomb

@testable import Doctor

/// The processes of the appliance as everybody sees them.
struct NetworkProcessTests {
  private var host: HostBuilder

  init() throws {
    host = try HostBuilder()
    host.user = 64_777
    try host.runProcesses()
  }

  // MARK: process.root

  @Test func unprivilegedProcessesPass() async {
    let result = await host.examine(.processRoot)
    #expect(result.isPass)
    #expect(
      result.evidence == "this command runs as user 64777; process 4711 (gateway), process 4700 "
        + "(supervisor) run as other users than root")
  }

  @Test func withoutAnApplianceTheCommandIsLookedAt() async throws {
    var host = try HostBuilder()
    host.user = 1_000
    let result = await host.examine(.processRoot)
    #expect(result.isPass)
    #expect(result.evidence == "this command runs as user 1000; no appliance is running")
  }

  @Test func commandOfRootFails() async {
    var host = host
    host.user = 0
    let result = await host.examine(.processRoot)
    #expect(result.status == .fail && result.evidence == "this command runs as root")
  }

  @Test(arguments: [("1", Verdict.Status.fail), ("0", .pass), ("", .pass)])
  func permissionToRunAsRootFails(value: String, status: Verdict.Status) async {
    var host = host
    host.environment = ["KAFCLAW_ALLOW_ROOT": value]
    #expect(await host.examine(.processRoot).status == status)
  }

  @Test(arguments: ["0 0 0 0", "1000 0 1000 1000", "1000 1000 0 1000", "0 1000 1000 1000"])
  func processOfRootFails(users: String) async throws {
    try host.place("/proc/4711/status", "Name:\tkafclaw\nUid:\t\(users)\n")
    let result = await host.examine(.processRoot)
    #expect(result.status == .fail)
    #expect(result.evidence == "process 4711 (gateway) runs as root")
  }

  @Test(arguments: ["", "Name:\tkafclaw\n", "Uid:\t1 2 3\n", "Uid:\t1 2 3 x\n", "Uid:\t1 2 3 -1\n"])
  func malformedStatusIsUnknown(text: String) async throws {
    try host.place("/proc/4700/status", text)
    let result = await host.examine(.processRoot)
    #expect(result.status == .unknown)
    #expect(result.evidence.contains("process 4700 (supervisor): "))
  }

  @Test func processThatIsNotSeenIsUnknown() async throws {
    try host.removeSystemFile("/proc/4700/status")
    let result = await host.examine(.processRoot)
    #expect(result.status == .unknown)
    #expect(result.evidence == "process 4700 (supervisor) is not there, or hidden")
  }

  @Test func noKnownProcessIsUnknownAndHidesNoFailure() async throws {
    var host = host
    (host.status, host.user) = (nil, 0)
    try host.write("nobody\n", to: host.paths.lock)
    #expect(await host.examine(.processRoot).status == .fail)
    host.user = 1_000
    #expect(await host.examine(.processRoot).status == .unknown)
    #expect(await host.examine(.processArguments).status == .unknown)
  }

  // MARK: process.arguments

  @Test func plainArgumentsPass() async throws {
    try host.place(
      "/proc/4711/cmdline", "kafclaw\0component\0gateway\0004700\0--home=/srv/claw\0")
    let result = await host.examine(.processArguments)
    #expect(result.isPass)
    #expect(
      result.evidence
        == "none in the arguments of process 4711 (gateway), process 4700 (supervisor)")
  }

  static let secrets = [
    "sk-abcdefgh01234567", "--token=correct-horse-battery", "https://u:hunter22@example.org/",
    "API_KEY=0123456789abcdef", "kafclaw_" + String(repeating: "Ab3-_", count: 9),
    "x=kafclaw_" + String(repeating: "Ab3-_", count: 9),
  ]

  @Test(arguments: NetworkProcessTests.secrets)
  func secretArgumentFailsAndIsNotShown(secret: String) async throws {
    try host.place("/proc/4700/cmdline", "kafclaw\0run\0\(secret)\0")
    let result = await host.examine(.processArguments)
    #expect(result.status == .fail)
    #expect(result.evidence == "argument 2 of process 4700 (supervisor) looks like a secret")
  }

  @Test(arguments: [
    "kafclaw", "/home/kafclaw_user/a", "kafclaw_short", "--home=/srv", "=", "a=", "--token=",
  ])
  func otherArgumentsAreNone(argument: String) {
    #expect(!ArgumentLook.isSecret(Array(argument.utf8)[...]))
  }

  @Test func madeTokenIsKnown() {
    let token = TokenText.random()
    token.withBytes { #expect(ArgumentLook.isSecret(Array($0)[...])) }
  }

  @Test func withoutAnApplianceThereIsNothingToLookAt() async throws {
    #expect(await (try HostBuilder()).examine(.processArguments).isNotApplicable)
  }
}
