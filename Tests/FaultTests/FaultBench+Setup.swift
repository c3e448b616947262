// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

extension FaultBench {
  static func succeed(_ run: FaultRun) throws {
    guard run.result.code == 0 else { throw SetupFailure(message: run.lastWords) }
  }

  static func commit(
    _ texts: DesiredTexts, to repository: DesiredRepository
  ) throws -> [Commit: String] {
    var commits: [Commit: String] = [:]
    try repository.commit(texts.firstFiles)
    commits[.first] = try repository.head
    try repository.remove("workspace/old/NOTES.md")
    try repository.commit(texts.secondFiles)
    commits[.second] = try repository.head
    try repository.commit(texts.unhealthyFiles)
    commits[.unhealthy] = try repository.head
    let tree = "\(commits[.first] ?? "")^{tree}"
    let words = ["commit-tree", tree, "-p", commits[.unhealthy] ?? "", "-m", "back"]
    commits[.reverted] = try repository.git(words).output
      .trimmingCharacters(in: .whitespacesAndNewlines)
    try repository.remove("workspace/docs/MORE.md")
    try repository.commit(texts.thirdFiles)
    commits[.third] = try repository.head
    return commits
  }

  static func pointAt(_ commit: String?, _ repository: DesiredRepository) throws {
    try repository.git(["update-ref", "refs/heads/main", commit ?? ""])
  }

  /// With all modes and times, as the program's own user.
  static func copy(_ folder: String, to other: String) throws {
    for words in [["rm", "-rf", other], ["cp", "-a", folder, other]] {
      let result = try Program.command(words)
      guard result.code == 0 else { throw SetupFailure(message: result.errors) }
    }
  }

  /// What people and the agent keep in the workspace beside the appliance's files.
  static func plantForeignFiles(
    _ home: String, _ scratch: Scratch
  ) throws -> [String: String] {
    let workspace = ".kafclaw/workspace"
    let names = ["notes.txt", "mine/deep/diary.txt", "old/mine.txt", "docs.txt"]
    for name in names { try scratch.write("home/\(workspace)/\(name)", "mine: \(name)\n") }
    let link = "\(home)/\(workspace)/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "notes.txt")
    let paths = (names + ["link"]).map { "\(workspace)/\($0)" }
    return Dictionary(
      uniqueKeysWithValues: try paths.map { ($0, try identity("\(home)/\($0)")) })
  }

  /// What changes when anybody writes to a file, or puts another in its place.
  static func identity(_ path: String) throws -> String {
    var status = stat()
    guard lstat(path, &status) == 0 else { return "gone" }
    guard status.st_mode & S_IFMT != S_IFDIR else { return "folder" }
    let isLink = status.st_mode & S_IFMT == S_IFLNK
    let content =
      isLink
      ? try FileManager.default.destinationOfSymbolicLink(atPath: path)
      : String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    return "\(status.st_mode) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(content)"
  }

  /// The appliance's own files with all that changes when somebody writes to them.
  func ownFiles() throws -> [String: String] {
    let state = "\(home)/.kafclaw"
    let names = try FileManager.default.subpathsOfDirectory(atPath: "\(state)/workspace")
    return try Dictionary(
      uniqueKeysWithValues: (["config.json"] + names.map { "workspace/\($0)" }).map { name in
        (name, try Self.identity("\(state)/\(name)"))
      })
  }
}
