// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import Testing

/// A branch of another repository, brought into a bare one of ours.
struct FetchTests {
  private let folder: TemporaryFolder
  private let origin: GitRepository

  init() throws {
    folder = try TemporaryFolder()
    origin = try GitRepository(in: folder)
  }

  private var clone: String { folder("clone.git") }

  private func fetch(branch: String = "main", from remote: String? = nil) throws {
    try GitReader.fetch(remote ?? origin.path, branch: branch, into: clone)
  }

  private func snapshot(branch: String = "main") throws -> GitSnapshot {
    try GitReader.snapshot(of: clone, branch: branch, folder: "", entries: ["kafclaw.yaml"])
  }

  @discardableResult
  private func commit(
    _ text: String, on branch: String = "main", after parent: String? = nil
  ) throws -> String {
    let tree = try origin.tree(files: ["kafclaw.yaml": text])
    return try origin.commit(tree, on: branch, after: parent)
  }

  private func text(_ snapshot: GitSnapshot) -> String? {
    snapshot.tree.files["kafclaw.yaml"].map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  private func expectMissing(_ body: () throws -> Void) {
    let error = #expect(throws: ApplianceError.self) { try body() }
    #expect(error?.code == .gitMissing)
    #expect(error?.hint != nil)
  }

  @Test func bringsTheTipOfABranch() throws {
    let tip = try commit("one")
    try fetch()
    let found = try snapshot()
    #expect(found.revision.commit == tip)
    #expect(text(found) == "one")
  }

  @Test func followsTheBranch() throws {
    var tip = try commit("0")
    for number in 1...3 {
      try fetch()
      tip = try commit("\(number)", after: tip)
      #expect(text(try snapshot()) == "\(number - 1)")
      try fetch()
      #expect(try snapshot().revision.commit == tip)
      #expect(text(try snapshot()) == "\(number)")
    }
  }

  @Test func followsABranchThatStartedAnew() throws {
    try commit("two", after: try commit("one"))
    try fetch()
    let tip = try commit("other")
    try fetch()
    #expect(try snapshot().revision.commit == tip)
    #expect(text(try snapshot()) == "other")
  }

  @Test func followsABranchThatWentBack() throws {
    let first = try commit("one")
    try commit("two", after: first)
    try fetch()
    try origin.git("update-ref", "refs/heads/main", first)
    try fetch()
    #expect(try snapshot().revision.commit == first)
  }

  @Test func takesTheNamedBranchOnly() throws {
    try commit("main")
    try commit("side", on: "team/side")
    try fetch(branch: "team/side")
    #expect(text(try snapshot(branch: "team/side")) == "side")
    expectMissing { _ = try snapshot() }
  }

  @Test func writesNothingWhenNothingChanged() throws {
    try commit("one")
    try fetch()
    let before = try folder.files(below: "clone.git")
    try commit("elsewhere", on: "other")
    try fetch()
    #expect(try folder.files(below: "clone.git") == before)
  }

  @Test func changesNothingInTheRepositoryItReads() throws {
    try commit("one")
    let before = try folder.files(below: "origin.git")
    try fetch()
    _ = try snapshot()
    #expect(try folder.files(below: "origin.git") == before)
  }

  @Test func makesABareRepositoryAndNoWorkTree() throws {
    try commit("one")
    try fetch()
    _ = try snapshot()
    let names = Set(try FileManager.default.contentsOfDirectory(atPath: clone))
    #expect(names.isSuperset(of: ["HEAD", "config", "objects", "refs"]))
    #expect(names.isDisjoint(with: [".git", "index", "kafclaw.yaml"]))
    #expect(try origin.git("--git-dir", clone, "rev-parse", "--is-bare-repository") == "true")
    let everywhere = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    #expect(!everywhere.contains { $0.hasSuffix("kafclaw.yaml") })
  }

  @Test func readsARepositoryWithAWorkTree() throws {
    let work = try GitRepository(in: folder, named: "work/.git")
    try work.git("config", "core.bare", "false")
    let tip = try work.commit(try work.tree(files: ["kafclaw.yaml": "work"]))
    try fetch(from: folder("work"))
    #expect(try snapshot().revision.commit == tip)
  }

  @Test func tellsOfAMissingBranch() throws {
    expectMissing { try fetch() }
    try commit("one")
    for branch in ["absent", "mai", "main/x", "heads/main", "*", "main:refs/heads/x"] {
      expectMissing { try fetch(branch: branch) }
    }
    try fetch()
    expectMissing { _ = try snapshot(branch: "absent") }
    try origin.git("update-ref", "-d", "refs/heads/main")
    expectMissing { try fetch() }
  }

  @Test func tellsOfAMissingRepository() throws {
    try FileManager.default.createDirectory(
      atPath: folder("empty"), withIntermediateDirectories: false)
    try Data("text".utf8).write(to: URL(filePath: folder("file")))
    for name in ["absent", "empty", "file", "file/below"] {
      expectMissing { try fetch(from: folder(name)) }
      expectMissing {
        _ = try GitReader.snapshot(of: folder(name), branch: "main", folder: "", entries: [])
      }
    }
  }

  @Test func setsADamagedCloneAside() throws {
    #expect(try !GitReader.setAside(clone))
    let tip = try commit("one")
    for _ in 1...2 {
      try fetch()
      let before = try folder.files(below: "clone.git")
      #expect(try GitReader.setAside(clone))
      #expect(!FileManager.default.fileExists(atPath: clone))
      #expect(try folder.files(below: "clone.git.damaged") == before)
    }
    try fetch()
    #expect(try snapshot().revision.commit == tip)
  }
}
