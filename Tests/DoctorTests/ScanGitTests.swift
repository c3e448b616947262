// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Doctor

/// Secrets in what git keeps, whether a branch leads to it or not.
struct ScanGitTests {
  private static let token = "correct-horse-battery-staple"

  /// A host whose source is a repository with one commit.
  private func builder() throws -> HostBuilder {
    let builder = try HostBuilder()
    try builder.write("OPENAI_API_KEY=\(Self.token)\n", to: builder.paths.environmentFile)
    try git(builder, "init", "-q", "-b", "main")
    try commit(builder, ["kafclaw.yaml": "version: 1\n"])
    return builder
  }

  @discardableResult
  private func git(_ builder: HostBuilder, _ words: String...) throws -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return try Tool.run("git", identity + words, in: builder.folder("repository"))
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func commit(
    _ builder: HostBuilder, _ files: [String: String], message: String = "change"
  ) throws {
    for (name, text) in files {
      try builder.write(text, to: builder.folder("repository") + "/" + name)
    }
    try git(builder, "add", "-A")
    try git(builder, "commit", "-q", "-m", message)
  }

  private func examine(_ builder: HostBuilder) async -> CheckResult {
    let result = await builder.examine(.scanGit)
    #expect(!result.evidence.contains(Self.token), "the secret is in the evidence")
    return result
  }

  @Test func passesARepositoryWithoutSecrets() async throws {
    let result = await examine(try builder())
    #expect(result.isPass, "\(result.evidence)")
    #expect(result.evidence.contains("2 objects"))
  }

  @Test(arguments: [false, true])
  func findsASecretInADeletedFile(isPacked: Bool) async throws {
    let builder = try builder()
    try commit(builder, ["folder/secrets.yaml": "key: \(Self.token)\n"])
    let blob = try git(builder, "rev-parse", "HEAD:folder/secrets.yaml")
    try git(builder, "rm", "-q", "folder/secrets.yaml")
    try git(builder, "commit", "-q", "-m", "remove")
    if isPacked { try git(builder, "gc", "-q", "--prune=now") }
    let result = await examine(builder)
    #expect(result.status == .fail)
    #expect(
      result.evidence
        == "\(builder.folder("repository")): blob \(blob) (\"secrets.yaml\") at byte 5: "
        + "env:OPENAI_API_KEY in plain")
  }

  @Test func findsASecretInACommitMessage() async throws {
    let builder = try builder()
    try commit(builder, ["a": "b"], message: "use \(Self.token)")
    let head = try git(builder, "rev-parse", "HEAD")
    let result = await examine(builder)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("commit \(head) at byte"))
  }

  @Test func findsASecretThatNoBranchLeadsTo() async throws {
    let builder = try builder()
    try commit(builder, ["secrets.yaml": "key: \(Self.token)\n"])
    try git(builder, "reset", "-q", "--hard", "HEAD~1")
    #expect(await examine(builder).status == .fail)
  }

  @Test func findsTheShapeOfACredential() async throws {
    let builder = try builder()
    try commit(builder, ["a.md": "use ghp_Zx8Q1kR7vB3nM5tY9wE2uI4oP6aS0dF\n"])
    let result = await examine(builder)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("(\"a.md\") at byte 4: of the shape of ghp_…"))
  }

  @Test func theCloneIsLookedIntoToo() async throws {
    let builder = try builder()
    try builder.use()
    try commit(builder, ["a": "b"], message: Self.token)
    try git(builder, "clone", "-q", "--bare", ".", builder.paths.clone)
    let result = await examine(builder)
    #expect(result.evidence.contains("\(builder.paths.clone): commit"))
    #expect(result.evidence.contains("\(builder.folder("repository")): commit"))
  }

  @Test func largeObjectsAreToldAndLeftOut() async throws {
    let builder = try builder()
    let blanks = String(repeating: " ", count: 16 << 20)
    try commit(builder, ["large": blanks + Self.token])
    let result = await examine(builder)
    #expect(result.isPass)
    #expect(result.evidence.contains("1 over 16 MiB not looked into"))
  }

  @Test func objectThatCannotBeReadIsNoPass() async throws {
    let builder = try builder()
    let blob = try git(builder, "rev-parse", "HEAD:kafclaw.yaml")
    let path = "\(builder.folder("repository"))/.git/objects/\(blob.prefix(2))/\(blob.dropFirst(2))"
    try builder.setMode(0o600, of: path)
    try builder.write("no object", to: path)
    let result = await examine(builder)
    #expect(result.status == .unknown)
    #expect(result.evidence.contains("object \(blob)"))
  }

  @Test func sourceThatIsNoRepositoryIsUnknown() async throws {
    #expect(await examine(try HostBuilder()).status == .unknown)
  }

  @Test func remoteSourceWithoutACloneIsNothingToLookAt() async throws {
    let source = "{repository: \"https://example.org/config.git\", verify: none}"
    #expect(await examine(try HostBuilder(source: source)).isNotApplicable)
  }
}
