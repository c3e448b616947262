// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Setting a host up, from nothing to its first pass.
struct SetupCommandTests {
  private let scratch: Scratch
  private let home: String
  private let repository: DesiredRepository

  init() throws {
    scratch = try Scratch("setup")
    home = try scratch.folder("home")
    repository = try DesiredRepository(
      in: scratch,
      RunningAppliance.yaml(port: try FreePort.next(), dashboardPort: try FreePort.next())
        .replacingOccurrences(of: "  auth: {token: \"env:KAFCLAW_GATEWAY_AUTH_TOKEN\"}\n", with: "")
    )
  }

  private var file: String { "\(home)/.config/kafclaw/appliance.yaml" }
  private var text: String? { try? String(contentsOfFile: file, encoding: .utf8) }

  private func setup(_ arguments: String...) throws -> Program.Result {
    try Program.run(["setup", "--non-interactive"] + arguments, home: home)
  }

  @Test("an empty host gets its file, its tomb and a plan, and runs")
  func fresh() throws {
    let key = "\(home)/recovery.key"
    let result = try setup(
      "--repository", repository.path, "--allow-unsigned", "--recovery-key-file", key)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("component/gateway"))
    #expect(try String(contentsOfFile: key, encoding: .utf8).hasPrefix("kafclaw-recovery-"))
    #expect(
      try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int == 0o600)
    #expect(!result.output.contains("kafclaw-recovery-"))
    #expect(!result.errors.contains("kafclaw-recovery-"))
    let run = try Program.run(["run", "--once"], home: home)
    #expect(run.code == 0, "\(run.errors)")
    let again = try setup("--repository", repository.path, "--allow-unsigned")
    #expect(again.code == 1 && again.errors.contains("was written already"))
    let replaced = try setup("--repository", repository.path, "--allow-unsigned", "--replace")
    #expect(replaced.code == 0, "\(replaced.errors)")
    #expect(replaced.errors.contains("there is a tomb already"))
  }

  @Test("signers of both kinds of files are named, and their commits alone count")
  func signers() throws {
    let signed = try SignedRepository(in: scratch)
    let start = try signed.commit([
      "kafclaw.yaml": try String(contentsOfFile: repository.path + "/kafclaw.yaml", encoding: .utf8)
    ])
    let keys = try ["alice", "mallory"].map { name in
      try signed.publicKey(name).split(separator: " ").prefix(2).joined(separator: " ")
    }
    try scratch.write(
      "home/signers", "# who signs\nAli.Ce@example.org \(keys[0]) a\n\n\(keys[1]) ali-ce@laptop\n")
    let common = ["--repository", signed.path, "--signers", "\(home)/signers"]
    let early = try Program.run(
      ["setup", "--non-interactive", "--recovery-key-file", "\(home)/key"] + common, home: home)
    // Without a confirmed start nothing is trusted, and nothing stays.
    #expect(early.code == 7, "\(early.errors)")
    #expect(text == nil)
    let result = try Program.run(
      ["setup", "--non-interactive", "--start", start, "--recovery-key-file", "\(home)/key"]
        + common,
      home: home)
    #expect(result.code == 0, "\(result.errors)")
    #expect(text?.contains("\"ali-ce\": {key: \"\(keys[0]) a\"}") == true)
    #expect(text?.contains("\"ali-ce-2\": {key: \"\(keys[1]) ali-ce@laptop\"}") == true)
    #expect(text?.contains("verify: signatures") == true)
  }

  @Test("what is missing or wrong is said, and nothing is written")
  func refusals() throws {
    try scratch.write("home/options", "a valid-before=\"2020\" ssh-ed25519 AAAA\n")
    let cases: [([String], String)] = [
      ([], "there is no repository"),
      (["--repository", repository.path], "whose commits count"),
      (["--repository", "http://example.org/x", "--allow-unsigned"], "http"),
      (["--repository", "\(home)/none", "--allow-unsigned"], "appliance.yaml is as it was before"),
      (["--repository", repository.path, "--signers", "\(home)/none"], "none"),
      (["--repository", repository.path, "--signers", "\(home)/options"], "valid-before"),
      (["--repository", repository.path, "--allow-unsigned"], "no terminal to show"),
      (["--repository", repository.path, "--allow-unsigned", "--name", "a\nb"], "host"),
    ]
    for (arguments, words) in cases {
      let key = words.contains("terminal") ? [] : ["--recovery-key-file", "\(home)/key"]
      let result = try Program.run(
        ["setup", "--non-interactive"] + arguments + key, home: home)
      #expect(result.code != 0, "\(arguments)")
      #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
      #expect(text == nil, "\(arguments)")
    }
  }

  @Test(
    "what somebody wrote to appliance.yaml stays, whatever it is",
    arguments: ["{version: 1, source: {}}\n", "\"source\": x\n", "not yaml: [\n", "\u{0}\n"])
  func writtenFile(content: String) throws {
    try scratch.write("home/.config/kafclaw/appliance.yaml", content)
    let result = try setup(
      "--repository", repository.path, "--allow-unsigned", "--recovery-key-file", "\(home)/key")
    #expect(result.code == 1 && result.errors.contains("was written already"))
    #expect(text == content)
  }

  @Test("a recovery key replaces no file, and without it there is no tomb")
  func recoveryKeyFile() throws {
    try scratch.write("home/key", "something")
    let result = try setup(
      "--repository", repository.path, "--allow-unsigned", "--recovery-key-file", "\(home)/key")
    #expect(result.code == 1)
    #expect(try String(contentsOfFile: "\(home)/key", encoding: .utf8) == "something")
    #expect(!FileManager.default.fileExists(atPath: "\(home)/.config/kafclaw/tomb.rr"))
  }
}
