// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Drills of a real appliance, in a root of their own.
@Suite(.serialized, .enabled(if: Program.hasBubblewrap, "bubblewrap makes no root here"))
struct BackupDrillTests {
  private let appliance: RunningAppliance
  private let repository: String
  private let recovery: String

  init() async throws {
    appliance = try RunningAppliance(name: "drill")
    repository = try appliance.scratch.folder("backups") + "/repository"
    let made = try appliance.run("tomb", "init")
    recovery =
      made.output.split(separator: "\n").first { $0.hasPrefix("kafclaw-recovery-") }
      .map(String.init) ?? ""
    try await appliance.startReady()
    #expect(try await appliance.chat("remember me", sender: "alice").status == 200)
    for word in ["init", "create"] {
      let result = try appliance.run("backup", word, repository)
      #expect(result.code == 0, "\(result.errors)")
    }
  }

  private func drill(_ words: [String] = [], home: String) throws -> Program.Result {
    try Program.run(
      ["backup", "drill", repository, "--recovery"] + words, home: home, input: recovery)
  }

  @Test("a host with the recovery key alone restores it, runs it, and signs what it saw")
  func passes() async throws {
    let empty = try appliance.scratch.folder("empty")
    let result = try drill(["--evidence", empty + "/evidence"], home: empty)
    #expect(result.code == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("passed: "), "\(result.output)")
    let files = try FileManager.default.contentsOfDirectory(atPath: empty + "/evidence")
    let file = try #require(files.first { $0.hasSuffix(".json") })
    let text = try String(contentsOfFile: "\(empty)/evidence/\(file)", encoding: .utf8)
    #expect(text.contains("\"isByRecoveryKey\" : true"), "\(text)")
    #expect(!text.contains(recovery) && !text.contains(appliance.token))
    // Elsewhere, with nothing but the file and the key of its signer.
    let elsewhere = try appliance.scratch.folder("elsewhere")
    let signer = try #require(
      result.output.split(separator: "\n").first { $0.hasPrefix("evidence ") }?
        .components(separatedBy: "signed by ").last)
    let evidence = "\(empty)/evidence/\(file)"
    let verified = try Program.run(
      ["backup", "evidence", "verify", evidence, "--signer", signer], home: elsewhere)
    #expect(verified.code == 0, "\(verified.errors)")
    let other = try Program.run(
      ["backup", "evidence", "verify", evidence, "--signer", String(signer.reversed())],
      home: elsewhere)
    #expect(other.code == 1)
    let changed = elsewhere + "/changed.json"
    try text.replacing("\"answered\"", with: "\"Answered\"")
      .write(toFile: changed, atomically: true, encoding: .utf8)
    let refused = try Program.run(["backup", "evidence", "verify", changed], home: elsewhere)
    #expect(refused.code == 1 && refused.errors.contains("was not signed"), "\(refused.errors)")
    // The host that made the backups takes note of it.
    let accepted = try appliance.run(
      "backup", "evidence", "accept", evidence, "--signer", signer, "--repository", repository)
    #expect(accepted.code == 0, "\(accepted.errors)")
    #expect(try appliance.run("backup", "status").output.contains("drill: done"))
  }

  @Test("one bit of a pack fails the drill, which says where")
  func damage() throws {
    let packs = try Program.command(["find", repository + "/packs", "-type", "f"]).output
      .split(separator: "\n").map(String.init).sorted()
    let file = try #require(packs.first)
    var bytes = try Data(contentsOf: URL(filePath: file))
    bytes[100] ^= 1
    try bytes.write(to: URL(filePath: file))
    let empty = try appliance.scratch.folder("empty")
    let result = try drill(home: empty)
    #expect(result.code == 1, "\(result.output)")
    #expect(result.output.contains(String(file.split(separator: "/").last ?? "?")))
    #expect(result.output.contains("failed: "))
  }

  @Test("with the key of its own tomb a host tries its backups, which is not the whole proof")
  func ownKey() throws {
    let result = try appliance.run("backup", "drill", repository)
    #expect(result.code == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("opened by the key of this host's tomb"))
    let record = try appliance.run("backup", "status", "--json").output
    #expect(record.contains("\"isByRecoveryKey\" : false"), "\(record)")
  }

  @Test("before a drill it is seen that its evidence can be kept, and where it restores to")
  func places() throws {
    let empty = try appliance.scratch.folder("empty")
    let closed = try appliance.scratch.folder("closed")
    #expect(chmod(closed, 0o500) == 0)
    for (words, expected) in [
      (["--evidence", closed], "write evidence to"),
      (["--evidence", closed + "/x"], "create folder"),
      (["--scratch", repository + "/x"], "lies in the repository"),
    ] {
      let result = try drill(words, home: empty)
      #expect(result.code == 1 && result.errors.contains(expected), "\(words): \(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: repository + "/x"))
    let status = try Program.run(["backup", "status"], home: empty).output
    #expect(status.contains("drill: failed"), "\(status)")
  }
}
