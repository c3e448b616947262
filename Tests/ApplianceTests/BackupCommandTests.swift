// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Backups of a real appliance, from its first snapshot to the restored home that answers.
@Suite(.serialized) struct BackupCommandTests {
  private let appliance: RunningAppliance
  private let repository: String
  private let recovery: String

  init() async throws {
    appliance = try RunningAppliance(name: "backup")
    repository = try appliance.scratch.folder("backups") + "/repository"
    let made = try appliance.run("tomb", "init")
    #expect(made.code == 0, "\(made.errors)")
    recovery =
      made.output.split(separator: "\n").first { $0.hasPrefix("kafclaw-recovery-") }
      .map(String.init) ?? ""
    #expect(!recovery.isEmpty)
    try await appliance.startReady()
    let result = try appliance.run("backup", "init", repository)
    #expect(result.code == 0, "\(result.errors)")
  }

  private func create() throws {
    let result = try appliance.run("backup", "create", repository)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("head "))
  }

  @Test("a restored home answers with what it knew, and its tomb opens")
  func restoredHomeRuns() async throws {
    #expect(try await appliance.chat("remember me", sender: "alice").status == 200)
    try create()
    #expect(try await appliance.chat("too late", sender: "alice").status == 200)
    let verified = try appliance.run("backup", "verify", repository, "--level", "restore")
    #expect(verified.code == 0, "\(verified.output)\(verified.errors)")
    #expect(verified.output.contains("right: timeline.rows"))
    #expect(verified.output.contains("right: audit.chain: intact"))
    appliance.stop()
    let home = try appliance.scratch.folder("elsewhere") + "/home"
    let empty = try appliance.scratch.folder("empty")
    // A host that has nothing but the repository and the recovery key.
    let restored = try Program.run(
      ["backup", "restore", repository, "--recovery", "--target", home], home: empty,
      input: recovery)
    #expect(restored.code == 0, "\(restored.errors)")
    let run = try Program.run(
      ["run", "--once"], home: home,
      environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": appliance.token])
    #expect(run.code == 0, "\(run.errors)")
    #expect(try Program.run(["tomb", "verify"], home: home).code == 0)
    #expect(try Program.run(["audit", "verify"], home: home).code == 0)
    let database = try Data(contentsOf: URL(filePath: home + "/.kafclaw/timeline.db"))
    #expect(database.firstRange(of: Data("remember me".utf8)) != nil)
    #expect(database.firstRange(of: Data("too late".utf8)) == nil)
    #expect(try appliance.run("audit", "show", "--kind", "backup").output.contains("backup"))
  }

  @Test("an audit log that was put aside is kept, and comes back")
  func oldLogs() throws {
    #expect(try appliance.run("audit", "begin-anew", "--reason", "it is suspect").code == 0)
    try create()
    let shown = try appliance.run("backup", "show", repository).output
    #expect(shown.contains("state/audit.until-"), "\(shown)")
    #expect(try appliance.run("backup", "verify", repository, "--level", "restore").code == 0)
    let target = try appliance.scratch.folder("old-logs") + "/home"
    #expect(try appliance.run("backup", "restore", repository, "--target", target).code == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: target + "/.kafclaw")
    let old = try #require(names.first { $0.hasPrefix("audit.until-") })
    let own = "\(appliance.home)/.kafclaw/\(old)"
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(target)/.kafclaw/\(old)").sorted()
        == FileManager.default.contentsOfDirectory(atPath: own).sorted())
    #expect(try Program.run(["audit", "verify"], home: target).code == 0)
  }

  @Test("one session, or one table, can be had alone as lines of JSON")
  func rows() async throws {
    #expect(try await appliance.chat("remember me", sender: "alice").status == 200)
    try create()
    let target = try appliance.scratch.folder("rows") + "/out"
    let result = try appliance.run(
      "backup", "restore", repository, "--target", target, "--only", "table:inbound")
    #expect(result.code == 0, "\(result.errors)")
    let text = try String(contentsOfFile: target + "/table-inbound.jsonl", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.contains("remember me") })
    let row = try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let session = try #require(row["session"] as? String)
    let other = target + "-session"
    let one = try appliance.run(
      "backup", "restore", repository, "--target", other, "--only", "session:\(session)")
    #expect(one.code == 0, "\(one.errors)")
    let lines = try String(contentsOfFile: other + "/session.jsonl", encoding: .utf8)
    #expect(lines.contains("remember me"))
    for (only, words) in [
      ("table:no'body", "there is no table"), ("table:inbound", "is there already"),
    ] {
      let place = only == "table:inbound" ? target : target + "-none"
      let refused = try appliance.run(
        "backup", "restore", repository, "--target", place, "--only", only)
      #expect(refused.code == 1 && refused.errors.contains(words), "\(refused.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: target + "-none"))
  }

  @Test("damage ends with exit code 1 and names file and snapshots")
  func damage() throws {
    try create()
    try create()
    let pack = try Program.command(["find", repository + "/packs", "-type", "f"]).output
      .split(separator: "\n").map(String.init).sorted()
    let file = try #require(pack.first)
    var bytes = try Data(contentsOf: URL(filePath: file))
    bytes[100] ^= 1
    try bytes.write(to: URL(filePath: file))
    let result = try appliance.run("backup", "verify", repository)
    #expect(result.code == 1)
    #expect(result.output.contains("damaged: packs/"))
    #expect(result.output.contains(String(file.split(separator: "/").last ?? "?")))
    let quick = try appliance.run("backup", "verify", repository, "--level", "manifest", "--json")
    #expect(quick.code == 0, "\(quick.output)")
  }

  @Test("a repository that was put back is refused, on this host and with a head on another")
  func rewound() throws {
    try create()
    let listed = try appliance.run("backup", "list", repository).output
    try create()
    let head =
      try appliance.run("backup", "list", repository).output
      .split(separator: "\n").last.map { String($0.dropFirst("head ".count)) } ?? ""
    _ = try Program.command([
      "sh", "-c", "rm \(repository)/*/0000000002* \(repository)/copies/*/0000000002*",
    ])
    for words in [["list"], ["create"], ["verify"]] {
      let result = try Program.run(["backup"] + words + [repository], home: appliance.home)
      #expect(result.code == 1 && result.errors.contains("is known"), "\(words): \(result.errors)")
    }
    let empty = try appliance.scratch.folder("empty")
    let blind = try Program.run(
      ["backup", "list", repository, "--recovery"], home: empty, input: recovery)
    #expect(blind.code == 0 && blind.output == listed, "\(blind.errors)")
    let warned = try Program.run(
      ["backup", "list", repository, "--recovery", "--known-head", head], home: empty,
      input: recovery)
    #expect(warned.code == 1 && warned.errors.contains("is known"), "\(warned.errors)")
  }

  @Test("nothing is restored into the repository, or into what is backed up")
  func places() throws {
    try create()
    let inside = appliance.home + "/.kafclaw/copy"
    for (target, words) in [
      (repository + "/copy", "lies in the repository"), (inside, "cannot be made there"),
      ("", "cannot be made there"),
    ] {
      let result = try appliance.run("backup", "restore", repository, "--target", target)
      #expect(result.code == 1 && result.errors.contains(words), "\(target): \(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: repository + "/copy"))
    let target = try appliance.scratch.folder("parts") + "/out/"
    let part = try appliance.run(
      "backup", "restore", repository, "--target", target, "--only", "configuration/", "--json")
    #expect(part.code == 0, "\(part.errors)")
    let line = try #require(
      try JSONSerialization.jsonObject(with: Data(part.output.utf8)) as? [String: Any])
    let (files, restored) = (line["files"] as? Int ?? 0, line["restored"] as? Int ?? 0)
    #expect(restored > 0 && restored < files)
  }

  @Test("without a tomb, a repository or the right key there is a clear error")
  func refusals() throws {
    let empty = try appliance.scratch.folder("empty")
    let cases: [(String, [String], String?, String)] = [
      (empty, ["init", repository + "-2"], nil, "tomb"),
      (empty, ["list", repository], nil, "tomb"),
      (empty, ["list", repository + "-2", "--recovery"], recovery, "no backup repository"),
      (empty, ["list", repository, "--recovery"], "kafclaw-recovery-00", "recovery"),
      (appliance.home, ["create", repository + "-2"], nil, "no backup repository"),
      (appliance.home, ["list", repository, "--known-head", "x"], nil, "NUMBER:HASH"),
      (appliance.home, ["show", repository], nil, "has no snapshot"),
    ]
    for (home, words, input, expected) in cases {
      let result = try Program.run(["backup"] + words, home: home, input: input)
      #expect(result.code == 1, "\(words)")
      #expect(result.errors.contains(expected), "\(words): \(result.errors)")
    }
    let taken = try appliance.run("backup", "init", repository)
    #expect(taken.code == 1 && taken.errors.contains("is not empty"))
  }
}
