// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DurableIO
import Foundation
import TestSupport
import Testing

@testable import Doctor

/// Secrets in arguments and environments, in files that stand for those of the kernel.
struct ScanProcessTests {
  private static let token = "correct-horse-battery-staple"

  /// A host that runs as processes 10 (supervisor) and 11 (gateway).
  private func builder() throws -> HostBuilder {
    var builder = try HostBuilder()
    let gateway = ApplianceStatus.Component(
      name: "gateway", pid: 11, health: .healthy, configDigest: nil, restarts: 0, message: nil)
    try builder.run(.healthy(components: [gateway]))
    try builder.write("pid 10 (kafclaw run)\n", to: builder.paths.lock)
    try builder.write("OPENAI_API_KEY=\(Self.token)\n", to: builder.paths.environmentFile)
    for pid in [10, 11] {
      try put("kafclaw\0run\0", "cmdline", pid, builder)
      try put("PATH=/usr/bin\0LANG=C.UTF-8\0", "environ", pid, builder)
    }
    return builder
  }

  private func put(_ text: String, _ file: String, _ pid: Int, _ builder: HostBuilder) throws {
    try builder.write(text, to: builder.system.path("/proc/\(pid)/\(file)"))
  }

  private func examine(_ builder: HostBuilder) async -> CheckResult {
    let result = await builder.examine(.scanProcesses)
    #expect(!result.evidence.contains(Self.token), "the secret is in the evidence")
    return result
  }

  @Test func passesProcessesWithoutSecrets() async throws {
    let result = await examine(try builder())
    #expect(result.isPass, "\(result.evidence)")
    for words in ["supervisor (pid 10)", "gateway (pid 11)", "no trace of 1 secrets"] {
      #expect(result.evidence.contains(words))
    }
  }

  @Test func findsASecretInAnEnvironment() async throws {
    let builder = try builder()
    let text = Data(Self.token.utf8).base64EncodedString()
    try put("PATH=/bin\0KEY=\(text)\0", "environ", 11, builder)
    let result = await examine(builder)
    #expect(result.status == .fail)
    #expect(
      result.evidence
        == "gateway (pid 11): environ KEY holds a text: env:OPENAI_API_KEY in base64")
  }

  @Test func findsASecretInAnArgument() async throws {
    let builder = try builder()
    try put("kafclaw\0--key\0\(Self.token)\0", "cmdline", 10, builder)
    let result = await examine(builder)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("supervisor (pid 10): cmdline holds a text"))
  }

  @Test func findsTheShapeOfACredential() async throws {
    let builder = try builder()
    try put("A_KEY=ghp_Zx8Q1kR7vB3nM5tY9wE2uI4oP6aS0dF\0", "environ", 10, builder)
    #expect(await examine(builder).evidence.contains("environ A_KEY holds a text: of the shape of"))
  }

  @Test func environmentThatTheKernelHidesIsAPass() async throws {
    let builder = try builder()
    try builder.setMode(0, of: builder.system.path("/proc/10/environ"))
    let result = await examine(builder)
    #expect(result.isPass)
    // The superuser reads what it wants.
    let words = geteuid() == 0 ? "environ with" : "the kernel shows no environ"
    #expect(result.evidence.contains("supervisor (pid 10): \(words)"))
  }

  @Test func processThatHasEndedIsTold() async throws {
    let builder = try builder()
    for file in ["cmdline", "environ"] {
      try DurableFile.removeIfPresent(builder.system.path("/proc/11/\(file)"))
    }
    let result = await examine(builder)
    #expect(result.isPass)
    #expect(result.evidence.contains("gateway (pid 11): has ended"))
  }

  @Test func nothingIsLookedAtWhereNothingRuns() async throws {
    #expect(await examine(try HostBuilder()).isNotApplicable)
  }

  @Test func processesThatAreNotKnownAreNoPass() async throws {
    var builder = try HostBuilder()
    try builder.run(nil)
    let result = await examine(builder)
    #expect(result.status == .unknown)
    #expect(result.evidence.contains("no process of the appliance is known"))
  }
}
