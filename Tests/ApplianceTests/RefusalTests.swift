// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What the program refuses, from outside.
@Suite(.serialized) struct RefusalTests {
  @Test func refusesToRunAsRoot() throws {
    guard geteuid() == 0 else { return }
    let appliance = try RunningAppliance()
    let result = try Program.run(["run"], home: appliance.home, asRoot: true)
    #expect(result.code == 1)
    #expect(result.errors.contains("refusing to run as root"))
    #expect(result.errors.contains("\"kafclaw\""))
  }

  @Test("root neither asks for a consent nor leaves files that the appliance cannot read")
  func refusesAccountsToRoot() throws {
    guard geteuid() == 0 else { return }
    let scratch = try Scratch("root-accounts")
    let home = try scratch.folder("home")
    for words in [
      ["start", "example", "--client-id", "x", "--issuer", "http://127.0.0.1:1"],
      ["complete", "example"], ["refresh", "example"], ["revoke", "example"], ["list"],
    ] {
      let result = try Program.run(["skills", "auth"] + words, home: home, asRoot: true)
      #expect(result.code == 1 && result.errors.contains("refusing to run as root"), "\(result)")
    }
    #expect(try FileManager.default.subpathsOfDirectory(atPath: home).isEmpty)
    // And nobody is asked where nothing can be kept.
    let none = try Program.run(["skills", "auth", "complete", "example"], home: home, input: "x")
    #expect(none.code == 1 && none.errors.contains("kafclaw tomb init"), "\(none)")
    #expect(!FileManager.default.fileExists(atPath: home + "/.kafclaw/skills"))
  }

  @Test func refusesAStateHomeThatOthersCanWrite() throws {
    let appliance = try RunningAppliance()
    let state = "\(appliance.home)/.kafclaw"
    try Program.command(["mkdir", "-m", "0777", state])
    _ = chmod(state, 0o777)
    let result = try Program.run(["run"], home: appliance.home)
    #expect(result.code == 1)
    #expect(result.errors.contains("can be written by others"))
  }

  @Test func refusesAnExposedGatewayWithoutATokenInValidateAndApply() throws {
    let scratch = try Scratch("exposed")
    try scratch.write(
      "c/kafclaw.yaml", "version: 1\nappliance: {name: x}\ngateway: {host: 0.0.0.0}\n")
    let folder = "\(scratch.path)/c"
    for arguments in [["validate", folder], ["apply", "--dry-run", folder]] {
      let result = try Program.run(arguments, home: "\(scratch.path)/h")
      #expect(result.code == 11)
      #expect((result.output + result.errors).contains("gateway.auth.token is not set"))
      let exposed = try Program.run(
        [arguments[0]] + arguments.dropFirst(), home: "\(scratch.path)/h",
        environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": "x"])
      #expect(exposed.code != 11, "\(exposed.errors)")
    }
  }

  @Test func environmentOverridesAreShownInThePlan() throws {
    let scratch = try Scratch("environment")
    try scratch.write("c/kafclaw.yaml", "version: 1\nappliance: {name: x}\n")
    let result = try Program.run(
      ["apply", "--dry-run", "\(scratch.path)/c"], home: "\(scratch.path)/h",
      environment: [
        "KAFCLAW_GATEWAY_PORT": "19999", "KAFCLAW_GATEWAY_AUTH_TOKEN": "canary-in-the-environment",
      ])
    #expect(result.output.contains("gateway.port = 19999 (KAFCLAW_GATEWAY_PORT)"))
    #expect(result.output.contains("env:KAFCLAW_GATEWAY_AUTH_TOKEN"))
    #expect(!result.output.contains("canary"))
    let unrestricted = try Program.run(
      ["validate", "\(scratch.path)/c"], home: "\(scratch.path)/h",
      environment: ["KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE": "false"])
    #expect(unrestricted.code == 4)
  }

  @Test(arguments: [
    "version: 1\nappliance: {name: x}\nchanels: {}\n", "version: one\nappliance: {name: x}\n",
    "version: 1\nversion: 1\nappliance: {name: x}\n", "version: 1\nappliance: &a {name: x}\n",
    "version: 1\nappliance: !!map {name: x}\n", "version: 1\n\tappliance: {name: x}\n",
    "version: 1\nappliance: {name: \"x\u{0}\"}\n",
  ])
  func badDesiredStatesAreRefusedWithTheirPlace(yaml: String) throws {
    let scratch = try Scratch("bad")
    try scratch.write("c/kafclaw.yaml", yaml)
    let result = try Program.run(
      ["validate", "\(scratch.path)/c", "--json"], home: "\(scratch.path)/h")
    #expect(result.code == 11)
    let report = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let issue = (report?["issues"] as? [[String: Any]])?.first
    #expect(issue?["file"] as? String == "kafclaw.yaml")
    #expect((issue?["line"] as? Int ?? 0) >= 1)
    #expect((issue?["column"] as? Int ?? 0) >= 1)
  }

  @Test func fieldsWithoutAMechanismWarnInValidateAndAreRefusedByApply() throws {
    let scratch = try Scratch("pending")
    try scratch.write(
      "c/kafclaw.yaml", "version: 1\nappliance: {name: x}\nreconcile: {windows: []}\n")
    let validate = try Program.run(["validate", "\(scratch.path)/c"], home: "\(scratch.path)/h")
    #expect(validate.code == 0)
    #expect(validate.output.contains("reconcile.windows"))
    let plan = try Program.run(
      ["apply", "--dry-run", "\(scratch.path)/c"], home: "\(scratch.path)/h")
    #expect(plan.code == 11)
  }

  @Test func aBrokenCommitKeepsTheLastGoodStateUp() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    try appliance.repository.commit(["kafclaw.yaml": "version: 1\nappliance: {nam: x}\n"])
    let refused = try appliance.run("reconcile")
    #expect(refused.code == 11)
    #expect(refused.errors.contains("did you mean \"name\"?"))
    try FileManager.default.removeItem(atPath: "\(appliance.home)/.kafclaw/config.json")
    #expect(try appliance.run("reconcile").code == 11)
    #expect(FileManager.default.fileExists(atPath: "\(appliance.home)/.kafclaw/config.json"))
    let status = try appliance.status()
    #expect(!status.ready)
    #expect(status.conditions.contains { $0.type == "Stalled" })
    #expect(try await appliance.chat("still here").status == 200)
    appliance.stop()
  }

  @Test func aSecondApplianceWithTheSameHomeIsRefused() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    let second = try appliance.run("run", "--once")
    #expect(second.code == 6)
    #expect(second.errors.contains("is locked by pid"))
    appliance.stop()
  }

  @Test func aMissingSecretHoldsTheApply() throws {
    let appliance = try RunningAppliance()
    let result = try appliance.run("apply")
    #expect(result.code == 10)
    #expect(result.output.contains("KAFCLAW_GATEWAY_AUTH_TOKEN cannot be resolved"))
    #expect(!FileManager.default.fileExists(atPath: "\(appliance.home)/.kafclaw/config.json"))
  }
}
