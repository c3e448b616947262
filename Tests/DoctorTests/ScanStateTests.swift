// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import TestSupport
import Testing
import Tomb

@testable import Doctor

/// Secrets in the appliance's files: where they may stand, and where they must not.
struct ScanStateTests {
  private static let token = "correct-horse-battery-staple"
  private static let other = "wrong-horse-other-staple"

  /// A host with a tomb that holds both.
  private func builder() throws -> HostBuilder {
    let builder = try HostBuilder()
    try builder.use()
    let tomb = try builder.tomb.get()
    try tomb.create(recovery: [], at: builder.now)
    for (name, value) in [("openai", Self.token), ("slack", Self.other)] {
      try tomb.set(name, SecretValue(copying: Array(value.utf8)), at: builder.now)
    }
    return builder
  }

  private func examine(_ builder: HostBuilder) async -> CheckResult {
    let result = await builder.examine(.scanState)
    for value in [Self.token, Self.other] {
      #expect(!result.evidence.contains(value), "a secret is in the evidence")
    }
    return result
  }

  @Test func passesAHostWhoseSecretsAreSealed() async throws {
    let result = await examine(try builder())
    #expect(result.isPass, "\(result.evidence)")
    #expect(result.evidence.contains("no trace of 2 secrets"))
  }

  @Test func passesAFreshHost() async throws {
    #expect(await examine(try HostBuilder()).isPass)
  }

  @Test(arguments: [
    ".kafclaw/reconciler/journal.jsonl", ".kafclaw/timeline.db-wal", ".kafclaw/timeline.db",
    ".kafclaw/workspace/notes/today.md", ".kafclaw/work-repo/a.txt", ".kafclaw/audit/x.jsonl",
    ".config/kafclaw/appliance.yaml.bak", ".config/kafclaw/.hidden", ".config/kafclaw/tomb.rr.old",
    ".kafclaw/source.git/config", ".config/kafclaw/env",
  ])
  func findsALiveSecretInAnyFile(name: String) async throws {
    let builder = try builder()
    let path = "\(builder.paths.home)/\(name)"
    try builder.write("# 12345 \(Data(Self.token.utf8).base64EncodedString())", to: path)
    let result = await examine(builder)
    #expect(result.status == .fail)
    #expect(result.evidence == "\(path) at byte 8: tomb:openai in base64")
  }

  @Test func ownValuesMayStandInTheEnvFile() async throws {
    let builder = try builder()
    try builder.write(
      "OPENAI_API_KEY=sk-Zx8Q1kR7vB3nM5tY9wE2\nMY_TOKEN='\(Self.token)'\nCOLOR=\(Self.other)\n",
      to: builder.paths.environmentFile)
    let result = await examine(builder)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("tomb:slack in plain"))
    #expect(!result.evidence.contains("openai"))
  }

  @Test func valuesOfTheEnvFileMustNotStandElsewhere() async throws {
    let builder = try HostBuilder()
    try builder.use()
    try builder.write("MY_TOKEN=\(Self.token)\n", to: builder.paths.environmentFile)
    #expect(await examine(builder).isPass)
    let path = builder.paths.configuration + "/env.bak"
    try builder.write("MY_TOKEN=\(Self.token)\n", to: path)
    #expect(await examine(builder).evidence == "\(path) at byte 9: env:MY_TOKEN in plain")
  }

  @Test func credentialsMayStandInTheirFolderOnly() async throws {
    let builder = try HostBuilder()
    try builder.use()
    try builder.write(Self.token + "\n", to: builder.paths.credentials + "/models.key")
    #expect(await examine(builder).isPass)
    try builder.write("\"\(Self.token)\"", to: builder.paths.state + "/a.json")
    #expect(await examine(builder).evidence.hasSuffix("at byte 1: file:models.key in plain"))
  }

  @Test func shapesCountWhereNobodyWritesWhatTheyWant() async throws {
    let key = "ghp_Zx8Q1kR7vB3nM5tY9wE2uI4oP6aS0dF"
    let builder = try builder()
    for name in ["timeline.db", "workspace/a.md", "work-repo/b.md"] {
      try builder.write(key, to: "\(builder.paths.state)/\(name)")
    }
    #expect(await examine(builder).isPass)
    let path = builder.paths.reconciler + "/bundle.json"
    try builder.write("{\"a\":\"\(key)\"}", to: path)
    #expect(await examine(builder).evidence == "\(path) at byte 6: of the shape of ghp_…")
  }

  @Test func agentFoldersElsewhereAreLookedInto() async throws {
    var builder = try builder()
    let folder = builder.folder("elsewhere")
    try builder.write(Self.token, to: folder + "/notes.md")
    #expect(await examine(builder).isPass)
    try builder.desire(HostBuilder.desiredText + "agent: {workspace: \"\(folder)\"}\n")
    #expect(await examine(builder).evidence.hasPrefix("\(folder)/notes.md at byte 0"))
  }

  @Test func linksAreNotFollowed() async throws {
    let builder = try builder()
    try builder.write(Self.token, to: builder.folder("outside/secret"))
    try builder.link(builder.paths.state + "/file", to: builder.folder("outside/secret"))
    try builder.link(builder.paths.state + "/folder", to: builder.folder("outside"))
    #expect(await examine(builder).isPass)
  }

  @Test func nameThatIsNoTextHidesNothing() async throws {
    let builder = try builder()
    let path = Array((builder.paths.state + "/").utf8) + [0xFF, 0xFE, 0]
    let file = path.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { name in
        name.baseAddress.map { open($0, O_CREAT | O_WRONLY, 0o600) } ?? -1
      }
    }
    try #require(file >= 0)
    try Descriptor(owning: file).write(Array(Self.token.utf8), to: "file")
    #expect(await examine(builder).status == .fail)
  }

  @Test func largeFileIsReadInChunks() async throws {
    let builder = try builder()
    let path = builder.paths.state + "/large"
    let blanks = [UInt8](repeating: 0x20, count: (1 << 20) - 10)
    try DurableFile.replace(path, with: blanks + Array(Self.token.utf8) + blanks)
    #expect(
      await examine(builder).evidence
        == "\(path) at byte \((1 << 20) - 10): tomb:openai in plain")
  }

  @Test func whatCannotBeReadIsNoPass() async throws {
    var builder = try builder()
    builder.tomb = .failure(ApplianceError(.init("tomb.locked"), "the tomb is locked"))
    let result = await examine(builder)
    #expect(result.status == .unknown)
    #expect(result.evidence == "not all secrets are known: the tomb is locked")
  }

  @Test func referencesOfTheDesiredStateCountToo() async throws {
    var builder = try HostBuilder()
    try builder.desire(
      HostBuilder.desiredText + "gateway: {auth: {token: \"env:MY_TOKEN\"}}\n"
        + "providers: {a: {type: openai, apiKey: \"env:THERE\"}}\n")
    builder.secrets = ["env:MY_TOKEN": Self.token]
    let passed = await examine(builder)
    #expect(passed.isPass)
    #expect(passed.evidence.hasSuffix("nor env:THERE, which cannot be read here"))
    let path = builder.paths.state + "/log"
    try builder.write(Self.token, to: path)
    #expect(await examine(builder).evidence == "\(path) at byte 0: env:MY_TOKEN in plain")
  }

  @Test func shortSecretsAreCounted() async throws {
    let builder = try builder()
    try builder.tomb.get().set("pin", SecretValue(copying: [1, 2, 3, 4]), at: builder.now)
    let result = await examine(builder)
    #expect(result.evidence.contains("no trace of 2 secrets"))
    #expect(result.evidence.contains("1 under 12 bytes were not looked for"))
  }

  @Test func findingIsToldWhateverElseIsUnknown() async throws {
    var builder = try HostBuilder()
    builder.tomb = .failure(ApplianceError(.init("tomb.locked"), "the tomb is locked"))
    try builder.write("MY_TOKEN=\(Self.token)\n", to: builder.paths.environmentFile)
    try builder.write(Self.token, to: builder.paths.state + "/a")
    #expect(await examine(builder).status == .fail)
  }

  @Test func manyFindingsAreCounted() async throws {
    let builder = try builder()
    for number in 0..<50 {
      try builder.write(Self.token, to: builder.paths.state + "/file\(number)")
    }
    #expect(await examine(builder).evidence.hasSuffix("; and 20 more"))
  }
}
