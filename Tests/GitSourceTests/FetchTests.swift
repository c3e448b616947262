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

  /// Fetches and accepts what came.
  @discardableResult
  private func fetch(branch: String = "main", from remote: String? = nil) throws -> String {
    let remote = try RemoteAddress(remote ?? origin.path)
    let tip = try GitReader.fetch(remote, branch: branch, into: clone)
    try GitClone(opening: clone).accept(commit: tip, branch: branch)
    return tip
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

  /// What was fetched is looked at first; what was accepted stays meanwhile.
  @Test func leavesTheBranchUntilItsTipIsAccepted() throws {
    let first = try commit("one")
    try fetch()
    let second = try commit("two", after: first)
    let remote = try RemoteAddress(origin.path)
    #expect(try GitReader.fetch(remote, branch: "main", into: clone) == second)
    #expect(try snapshot().revision.commit == first)
    let opened = try GitClone(opening: clone)
    #expect(try opened.candidate() == second)
    #expect(try opened.tip(of: "main") == first)
    let candidate = try opened.snapshot(
      of: second, branch: "main", folder: "", entries: ["kafclaw.yaml"])
    #expect(text(candidate) == "two")
    try opened.accept(commit: second, branch: "main")
    #expect(try snapshot().revision.commit == second)
  }

  @Test func acceptsOnlyCommitsThatAreThere() throws {
    let tip = try commit("one")
    try fetch()
    let opened = try GitClone(opening: clone)
    let tree = try origin.git("rev-parse", "\(tip)^{tree}")
    for (id, code) in [
      (tree, ApplianceError.Code.gitDamaged), (String(repeating: "1", count: 40), .gitDamaged),
      ("main", .sourceRefused), ("refs/heads/main", .sourceRefused), ("", .sourceRefused),
      (tip.uppercased() + "\n", .sourceRefused), ("\(tip)^", .sourceRefused),
    ] {
      let error = #expect(throws: ApplianceError.self) {
        try opened.accept(commit: id, branch: "main")
      }
      #expect(error?.code == code)
    }
    #expect(try opened.tip(of: "main") == tip)
  }

  @Test func bringsNoTagsAndNoOtherBranch() throws {
    let tip = try commit("one")
    try origin.git("tag", "v1", tip)
    try commit("side", on: "side")
    try fetch()
    let names = try origin.git("--git-dir", clone, "for-each-ref", "--format=%(refname)")
    #expect(names == "refs/heads/main\nrefs/kafclaw/candidate")
  }

  /// A pack that a killed process left half written; one that is being written stays.
  @Test func removesAbandonedPacks() throws {
    try commit("one")
    try fetch()
    let folder = clone + "/objects/pack"
    for (name, age) in [("pack_git2_old", 3_600.0), ("pack_git2_new", 10)] {
      try Data("PACK".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: "\(folder)/\(name)")
    }
    try fetch()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(!names.contains("pack_git2_old"))
    #expect(names.contains("pack_git2_new"))
  }

  @Test func readsNoConfigurationOfTheClone() throws {
    try commit("one")
    try fetch()
    let other = try GitRepository(in: folder, named: "other.git")
    try other.commit(try other.tree(files: ["kafclaw.yaml": "other"]))
    let key = "url.file://\(other.path).insteadOf"
    try origin.git("--git-dir", clone, "config", key, "file://\(origin.path)")
    let tip = try commit("two")
    #expect(try fetch() == tip)
    #expect(text(try snapshot()) == "two")
  }

  @Test func limitsObjectsAndBytes() throws {
    try commit("one")
    let remote = try RemoteAddress(origin.path)
    for path in [\FetchLimits.objects, \FetchLimits.receivedBytes] {
      var limits = FetchLimits()
      limits[keyPath: path] = 2
      let error = #expect(throws: ApplianceError.self) {
        try GitReader.fetch(remote, branch: "main", into: clone, limits: limits)
      }
      #expect(error?.code == .sourceRefused)
    }
    try fetch()
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
    expectMissing { _ = try fetch() }
    try commit("one")
    for branch in ["absent", "mai", "main/x", "heads/main", "*", "main:refs/heads/x"] {
      expectMissing { _ = try fetch(branch: branch) }
    }
    try fetch()
    expectMissing { _ = try snapshot(branch: "absent") }
    try origin.git("update-ref", "-d", "refs/heads/main")
    expectMissing { _ = try fetch() }
  }

  @Test func tellsOfAMissingRepository() throws {
    try FileManager.default.createDirectory(
      atPath: folder("empty"), withIntermediateDirectories: false)
    try Data("text".utf8).write(to: URL(filePath: folder("file")))
    for name in ["absent", "empty", "file", "file/below"] {
      expectMissing { _ = try fetch(from: folder(name)) }
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
