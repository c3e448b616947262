// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import TestSupport
import Testing

/// A clone that is not what its commits say, and what is read from a good one.
struct CloneTests {
  private let folder: TemporaryFolder
  private let origin: GitRepository
  private let tip: String

  init() throws {
    folder = try TemporaryFolder()
    origin = try GitRepository(in: folder)
    let first = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "one"]))
    tip = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "two"]), after: first)
    try GitReader.fetch(
      try RemoteAddress(origin.path), branch: "main", into: folder("clone.git"))
  }

  private func write(_ text: String, in name: String) throws {
    let file = URL(filePath: folder("clone.git/\(name)"))
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  private func expectDamage() throws {
    let opened = #expect(throws: ApplianceError.self) {
      _ = try GitClone(opening: folder("clone.git"))
    }
    #expect(opened?.code == .gitDamaged)
    let fetched = #expect(throws: ApplianceError.self) {
      try GitReader.fetch(
        try RemoteAddress(origin.path), branch: "main", into: folder("clone.git"))
    }
    #expect(fetched?.code == .gitDamaged)
    #expect(try GitReader.setAside(folder("clone.git")))
    try GitReader.fetch(
      try RemoteAddress(origin.path), branch: "main", into: folder("clone.git"))
  }

  @Test(arguments: [
    "shallow", "info/grafts", "objects/info/alternates", "objects/info/http-alternates",
    "refs/replace/1111111111111111111111111111111111111111",
  ])
  func refusesAlteredHistory(name: String) throws {
    try write("\(tip)\n", in: name)
    try expectDamage()
  }

  @Test func refusesPackedReplacements() throws {
    try write("\(tip) refs/replace/\(tip)\n", in: "packed-refs")
    try expectDamage()
  }

  @Test func readsALockedCloneOnly() throws {
    try write("", in: "refs/kafclaw/candidate.lock")
    try origin.commit(try origin.tree(files: ["kafclaw.yaml": "three"]), after: tip)
    let error = #expect(throws: ApplianceError.self) {
      try GitReader.fetch(
        try RemoteAddress(origin.path), branch: "main", into: folder("clone.git"))
    }
    #expect(error?.code == .gitDamaged)
    #expect(try GitClone(opening: folder("clone.git")).candidate() == tip)
  }

  @Test func looksAtShallowRepositoriesOfOthers() throws {
    try Tool.run(
      "git",
      ["clone", "--quiet", "--depth=1", "--branch=main", "file://" + origin.path, folder("work")],
      in: folder.path)
    let looked = try GitClone(lookingAt: folder("work"))
    #expect(try looked.tip(of: "main") == tip)
    let found = try looked.snapshot(
      of: tip, branch: "main", folder: "", entries: ["kafclaw.yaml"])
    #expect(found.tree.files.count == 1)
    let history = #expect(throws: ApplianceError.self) {
      try looked.firstParents(from: tip, until: [String(repeating: "1", count: 40)])
    }
    #expect(history?.code == .gitDamaged)
    let error = #expect(throws: ApplianceError.self) {
      try GitReader.fetch(
        try RemoteAddress(folder("work")), branch: "main", into: folder("other.git"))
    }
    #expect(error?.code == .sourceRefused)
  }

  @Test func givesTheBytesOfACommit() throws {
    let clone = try GitClone(opening: folder("clone.git"))
    let text = try origin.git("cat-file", "commit", tip)
    let bytes = try clone.commitObject(tip)
    #expect(String(decoding: bytes, as: UTF8.self) == text)
  }

  @Test(arguments: [
    "main", "HEAD", "HEAD~1", "refs/heads/main", "", "@{-1}", ":/one", "-1", "\u{1B}[2J",
    "A111111111111111111111111111111111111111", "1111111111111111111111111111111111111111 ",
    "1111", "１111111111111111111111111111111111111111",
  ])
  func takesIdsOnly(text: String) throws {
    let clone = try GitClone(opening: folder("clone.git"))
    let refusals: [ApplianceError?] = [
      #expect(throws: ApplianceError.self) { try clone.commitObject(text) },
      #expect(throws: ApplianceError.self) { try clone.firstParents(from: text, until: []) },
      #expect(throws: ApplianceError.self) { try clone.firstParents(from: tip, until: [text]) },
      #expect(throws: ApplianceError.self) { try clone.changedPaths(of: text, folder: "") },
      #expect(throws: ApplianceError.self) {
        _ = try clone.snapshot(of: text, branch: "main", folder: "", entries: [])
      },
    ]
    for refusal in refusals {
      #expect(refusal?.code == .sourceRefused)
      #expect(refusal?.message.contains("\u{1B}") == false)
    }
  }

  @Test func takesCommitsOnly() throws {
    let clone = try GitClone(opening: folder("clone.git"))
    let tree = try origin.git("rev-parse", "\(tip)^{tree}")
    let blob = try origin.git("rev-parse", "\(tip):kafclaw.yaml")
    for id in [tree, blob] {
      let error = #expect(throws: ApplianceError.self) { try clone.commitObject(id) }
      #expect(error?.code == .sourceRefused)
    }
    let nothing = String(repeating: "1", count: 40)
    let error = #expect(throws: ApplianceError.self) { try clone.commitObject(nothing) }
    #expect(error?.code == .gitDamaged)
  }

  /// The file of a commit holds another one.
  @Test func comparesACommitWithItsId() throws {
    let parent = try origin.git("rev-parse", "\(tip)^")
    func file(_ id: String) -> String {
      "\(origin.path)/objects/\(id.prefix(2))/\(id.dropFirst(2))"
    }
    try FileManager.default.removeItem(atPath: file(tip))
    try FileManager.default.copyItem(atPath: file(parent), toPath: file(tip))
    let error = #expect(throws: ApplianceError.self) {
      try GitClone(lookingAt: origin.path).commitObject(tip)
    }
    #expect(error?.code == .gitDamaged)
  }
}
