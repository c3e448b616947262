// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Glibc
import Testing
import Tomb

@testable import Doctor

extension HostBuilder {
  /// A real tomb with a recovery recipient.
  @discardableResult
  func createTomb(isRecoverable: Bool = true) throws -> TombStore {
    let tomb = try tomb.get()
    let recovery = isRecoverable ? [try RecoveryKey.random().recipient] : []
    try tomb.create(recovery: recovery, at: now)
    return tomb
  }

  func writeEnvironment(_ text: String, mode: mode_t = 0o600) throws {
    try write(text, to: paths.environmentFile, mode: mode)
  }

  var environmentText: String {
    get throws {
      String(decoding: try DurableFile.read(paths.environmentFile, limit: 1 << 21), as: UTF8.self)
    }
  }
}

/// Secrets that lie in `env` files, and lines there that nobody understands.
struct SecretsEnvironmentTests {
  private static let value = "correct-horse-battery"

  @Test func aHostWithoutTheFileHasNothingToLookAt() async throws {
    let builder = try HostBuilder()
    for check in [Check.envSecrets, .envSyntax, .envElsewhere] {
      #expect(await builder.examine(check).isNotApplicable)
    }
  }

  @Test func aFileOfSettingsPasses() async throws {
    let builder = try HostBuilder()
    try builder.writeEnvironment("# settings\n\nMAX_TOKENS=4096\nexport A='b'\nTOKEN=\n")
    #expect(await builder.examine(.envSecrets).isPass)
    #expect(await builder.examine(.envSyntax).isPass)
  }

  @Test func secretsAreNamedAndNeverShown() async throws {
    let builder = try HostBuilder()
    try builder.writeEnvironment(
      "A_TOKEN=\(Self.value)\nB=c\nURL=a://u:\(Self.value)@h\nA_TOKEN=\(Self.value)\n")
    let found = await builder.examine(.envSecrets)
    let path = builder.paths.environmentFile
    #expect(found.status == .fail)
    #expect(
      found.evidence == "A_TOKEN is a secret and lies in clear in \(path); "
        + "URL is a secret and lies in clear in \(path)")
    #expect(found.remedy == "kafclaw tomb init, then kafclaw doctor --fix")
    #expect(found.fixable)
    try builder.createTomb()
    #expect(await builder.examine(.envSecrets).remedy == "kafclaw doctor --fix")
  }

  @Test(arguments: [
    "A TOKEN = correct-horse", "A_TOKEN =correct-horse", "token: correct-horse",
    "ghp_FAKEFAKEFAKEFAKEFAKE1", "# ghp_FAKEFAKEFAKEFAKEFAKE1", "\u{FEFF}A_TOKEN=correct-horse",
  ])
  func secretsWithoutANameAreTold(line: String) async throws {
    let builder = try HostBuilder()
    try builder.writeEnvironment("A=b\n\(line)\n")
    let found = await builder.examine(.envSecrets)
    let path = builder.paths.environmentFile
    #expect(found.status == .fail)
    #expect(found.evidence == "line 2 of \(path) has a secret in clear, and no name for it")
    try builder.createTomb()
    let report = await builder.repair(.envSecrets)
    #expect(report.steps.map(\.error?.code) == [.environmentInvalid])
    #expect(try builder.environmentText == "A=b\n\(line)\n")
  }

  @Test(arguments: [
    "the token: it is kept elsewhere", "# A_TOKEN=value", "no assignment", "see https://a.example",
  ])
  func proseIsNoSecret(line: String) async throws {
    let builder = try HostBuilder()
    try builder.writeEnvironment("\(line)\n")
    #expect(await builder.examine(.envSecrets).isPass)
  }

  @Test func aFileThatCannotBeReadIsNotTakenForAnEmptyOne() async throws {
    let builder = try HostBuilder()
    try builder.writeEnvironment("")
    let path = builder.paths.environmentFile
    #expect(unlink(path) == 0)
    try builder.link(path, to: "/etc/hostname")
    for check in [Check.envSecrets, .envSyntax] {
      #expect(await builder.examine(check).status == .unknown)
    }
  }

  @Test func howTheTombIsOpenedIsNeverMoved() async throws {
    let builder = try HostBuilder()
    try builder.writeEnvironment(
      "KAFCLAW_OAUTH_KEY_BACKEND=sk-FAKEFAKEFAKEFAKE1\nKAFCLAW_OAUTH_TOMB_FILE=a://u:p@h\n")
    #expect(await builder.examine(.envSecrets).isPass)
  }

  @Test func linesThatAreNotUnderstoodAreTold() async throws {
    let builder = try HostBuilder()
    try builder.writeEnvironment("A=1\nno assignment\nB-C=2\nA=3\nexport A=\n=x\n")
    let found = await builder.examine(.envSyntax)
    let path = builder.paths.environmentFile
    #expect(found.status == .warn && found.severity == .low)
    #expect(
      found.evidence.components(separatedBy: "; ") == [
        "line 2 of \(path) is not NAME=VALUE", "line 6 of \(path) is not NAME=VALUE",
        "line 3 of \(path) gives a value to B-C, which no reference can name",
        "A stands 3 times in \(path), in the lines 1, 4, 5", "the first that is not empty counts",
      ])
  }

  @Test func aFileOfAnythingIsToldShortly() async throws {
    let builder = try HostBuilder()
    try builder.writeEnvironment(String(repeating: "x\n", count: 5_000))
    #expect(await builder.examine(.envSyntax).evidence.utf8.count < 8_000)
  }

  @Test(arguments: [".kafclaw/.env", ".kafclaw/env", ".config/openclaw/env", ".openclaw/.env"])
  func copiesOfOtherGatewaysAreTold(name: String) async throws {
    let builder = try HostBuilder()
    let path = "\(builder.paths.home)/\(name)"
    try builder.write("A_TOKEN=\(Self.value)\nB=c\n", to: path, mode: 0o644)
    let found = await builder.examine(.envElsewhere)
    #expect(found.status == .warn)
    #expect(found.evidence == "A_TOKEN is a secret and lies in clear in \(path)")
    #expect(!found.fixable)
    try builder.write("B=c\n", to: path)
    #expect(await builder.examine(.envElsewhere).isPass)
  }

  @Test func anotherFileThatCannotBeReadIsUnknown() async throws {
    let builder = try HostBuilder()
    try PrivateFolder.create("\(builder.paths.home)/.openclaw/.env")
    #expect(await builder.examine(.envElsewhere).status == .unknown)
    let path = "\(builder.paths.home)/.kafclaw/env"
    try builder.write("A_TOKEN=\(Self.value)\n", to: path)
    let found = await builder.examine(.envElsewhere)
    #expect(found.status == .warn && found.evidence.contains("could not be read"))
  }

  @Test func linksOfOtherGatewaysAreFollowed() async throws {
    let builder = try HostBuilder()
    try builder.write("A_TOKEN=\(Self.value)\n", to: "\(builder.paths.home)/dotfiles")
    try PrivateFolder.create("\(builder.paths.home)/.openclaw")
    try builder.link("\(builder.paths.home)/.openclaw/.env", to: "../dotfiles")
    #expect(await builder.examine(.envElsewhere).status == .warn)
  }
}
