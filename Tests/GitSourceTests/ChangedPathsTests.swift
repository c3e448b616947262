// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import Testing

/// Which files a commit touches, so that it can be asked who may touch them.
struct ChangedPathsTests {
  private let origin: GitRepository

  init() throws {
    origin = try GitRepository(in: try TemporaryFolder())
  }

  /// What the second of two commits changes.
  private func changes(
    _ before: [String: String], _ after: [String: String], folder: String = ""
  ) throws -> [String] {
    try changes(try origin.tree(files: before), try origin.tree(files: after), folder: folder)
  }

  private func changes(_ before: String, _ after: String, folder: String = "") throws -> [String] {
    let first = try origin.commit(before)
    let second = try origin.commit(after, after: first)
    return try GitClone(lookingAt: origin.path).changedPaths(of: second, folder: folder)
  }

  @Test func listsAddedRemovedAndChangedFiles() throws {
    let before = ["kafclaw.yaml": "1", "workspace/A": "a", "workspace/B": "b", "d/e/f": "x"]
    #expect(try changes(before, before) == [])
    #expect(try changes(before, before.merging(["d/e/g": "y"]) { $1 }) == ["d/e/g"])
    #expect(try changes(before, before.merging(["d/e/f": "y"]) { $1 }) == ["d/e/f"])
    #expect(try changes(before, before.filter { $0.key != "d/e/f" }) == ["d/e/f"])
    #expect(
      try changes(before, ["kafclaw.yaml": "2", "workspace/A": "a", "new": ""])
        == ["d/e/f", "kafclaw.yaml", "new", "workspace/B"])
    #expect(try changes(before, [:]) == before.keys.sorted())
  }

  @Test func listsChangedModes() throws {
    let text = try origin.blob("x")
    let plain = try origin.tree([.file(text, "run"), .file(text, "other")])
    let executable = try origin.tree([.init("100755", text, "run"), .file(text, "other")])
    #expect(try changes(plain, executable) == ["run"])
    let link = try origin.tree([.init("120000", text, "run"), .file(text, "other")])
    #expect(try changes(plain, link) == ["run"])
    let nowhere = String(repeating: "1", count: 40)
    let module = try origin.tree([.init("160000", nowhere, "run"), .file(text, "other")])
    #expect(try changes(link, module) == ["run"])
  }

  @Test func aFolderInPlaceOfAFileIsBoth() throws {
    #expect(
      try changes(["a": "x", "b": "x"], ["a/1": "x", "a/2": "y", "b": "x"]) == ["a", "a/1", "a/2"])
    #expect(try changes(["a/1": "x"], ["a": "x"]) == ["a", "a/1"])
  }

  @Test func aFirstCommitChangesEverything() throws {
    let tip = try origin.commit(try origin.tree(files: ["kafclaw.yaml": "1", "d/e": "x"]))
    #expect(
      try GitClone(lookingAt: origin.path).changedPaths(of: tip, folder: "")
        == ["d/e", "kafclaw.yaml"])
    #expect(try GitClone(lookingAt: origin.path).changedPaths(of: tip, folder: "d") == ["e"])
  }

  @Test func aMergeIsComparedWithItsFirstParent() throws {
    let first = try origin.commit(try origin.tree(files: ["a": "1"]))
    let side = try origin.commit(try origin.tree(files: ["a": "1", "b": "2"]), on: "side")
    let merge = try origin.git(
      ["commit-tree", try origin.tree(files: ["a": "1", "b": "2"]), "-p", first, "-p", side],
      input: Data("merge".utf8))
    #expect(try GitClone(lookingAt: origin.path).changedPaths(of: merge, folder: "") == ["b"])
  }

  @Test(arguments: ["sites/home", "/sites/home/", "./sites/./home"])
  func looksBelowAFolderOnly(folder: String) throws {
    let before = ["sites/home/kafclaw.yaml": "1", "sites/other": "1", "README": "1"]
    let outside = ["sites/home/kafclaw.yaml": "1", "sites/other": "2", "README": "2"]
    let inside = ["sites/home/kafclaw.yaml": "2", "sites/home/w/A": "", "sites/other": "1"]
    #expect(try changes(before, outside, folder: folder) == [])
    #expect(try changes(before, inside, folder: folder) == ["kafclaw.yaml", "w/A"])
    #expect(try changes(before, ["README": "1"], folder: folder) == ["kafclaw.yaml"])
    #expect(try changes(["README": "1"], before, folder: folder) == ["kafclaw.yaml"])
    #expect(try changes(before, ["sites/home": "file"], folder: folder) == ["kafclaw.yaml"])
  }

  @Test func refusesAnEndlessTree() throws {
    var tree = try origin.tree([.file(try origin.blob("x"), "x")])
    for _ in 0..<6 { tree = try origin.tree((0..<10).map { .folder(tree, "\($0)") }) }
    let empty = try origin.tree([])
    for (before, after) in [(empty, tree), (tree, empty)] {
      let error = #expect(throws: ApplianceError.self) { try changes(before, after) }
      #expect(error?.code == .sourceRefused)
    }
    #expect(try changes(tree, tree) == [])
  }

  @Test func refusesADeepTree() throws {
    var tree = try origin.tree([.file(try origin.blob("x"), "x")])
    for _ in 0..<300 { tree = try origin.tree([.folder(tree, "d")]) }
    let error = #expect(throws: ApplianceError.self) {
      try changes(try origin.tree([]), tree)
    }
    #expect(error?.code == .sourceRefused)
  }

  @Test func refusesNamesThatReachElsewhere() throws {
    let text = try origin.blob("x")
    for name in ["a/b", "../b", "/", "a/"] {
      let error = #expect(throws: ApplianceError.self) {
        try changes(try origin.tree([]), try origin.rawTree([.file(text, name)]))
      }
      #expect(error?.code == .sourceRefused)
    }
  }

  /// Such a name is of no file that is read, but somebody has changed it.
  @Test func listsNamesThatAreNoText() throws {
    let text = try origin.blob("x")
    let after = try origin.tree([.init("100644", text, bytes: [0x61, 0xFF])])
    #expect(try changes(try origin.tree([]), after) == ["a\u{FFFD}"])
  }
}
