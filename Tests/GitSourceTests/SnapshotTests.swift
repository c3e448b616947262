// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import GitSource

/// What a commit holds of the desired state.
struct SnapshotTests {
  private let origin: GitRepository

  init() throws {
    origin = try GitRepository(in: try TemporaryFolder())
  }

  private func snapshot(
    folder: String = "", entries: [String] = ["kafclaw.yaml", "workspace"]
  ) throws -> GitSnapshot {
    try GitReader.snapshot(of: origin.path, branch: "main", folder: folder, entries: entries)
  }

  @Test func readsFilesWithTheirModes() throws {
    let text = try origin.blob("Be brief.\n")
    let bytes = try origin.blob(Data([0, 0xFF, 0x0D, 0x0A]))
    let empty = try origin.blob("")
    let bin = try origin.tree([
      .init("100755", text, "run"), .file(bytes, "data"), .file(empty, "empty"),
    ])
    let workspace = try origin.tree([.file(text, "AGENTS.md"), .folder(bin, "bin")])
    try origin.commit(
      try origin.tree([.file(text, "kafclaw.yaml"), .folder(workspace, "workspace")]))
    let wanted: [String: SourceTree.File] = [
      "kafclaw.yaml": .init(bytes: Array("Be brief.\n".utf8)),
      "workspace/AGENTS.md": .init(bytes: Array("Be brief.\n".utf8)),
      "workspace/bin/run": .init(bytes: Array("Be brief.\n".utf8), isExecutable: true),
      "workspace/bin/data": .init(bytes: [0, 0xFF, 0x0D, 0x0A]),
      "workspace/bin/empty": .init(bytes: []),
    ]
    #expect(try snapshot().tree.files == wanted)
  }

  @Test func namesTheCommit() throws {
    let tree = try origin.tree(files: ["kafclaw.yaml": "one"])
    let commit = try origin.commit(tree, message: "first line: größe\n\nThe body.\n")
    let revision = try snapshot().revision
    #expect(
      revision
        == GitRevision(
          commit: commit, tree: tree, branch: "main", summary: "first line: größe",
          committedAt: Date(timeIntervalSince1970: 1_750_000_000)))
  }

  @Test func shortensALongSummary() throws {
    let tree = try origin.tree(files: ["kafclaw.yaml": "one"])
    try origin.commit(tree, message: String(repeating: "x", count: 5_000))
    #expect(try snapshot().revision.summary == String(repeating: "x", count: 200))
  }

  @Test(arguments: ["sites/home", "sites/home/", "/sites/home", "./sites//home/."])
  func readsASubfolder(folder: String) throws {
    let tree = try origin.tree(files: ["kafclaw.yaml": "home", "workspace/A": "a"])
    let sites = try origin.tree([.folder(tree, "home")])
    let outside = try origin.blob("outside")
    try origin.commit(try origin.tree([.folder(sites, "sites"), .file(outside, "kafclaw.yaml")]))
    let found = try snapshot(folder: folder)
    #expect(found.tree.files.keys.sorted() == ["kafclaw.yaml", "workspace/A"])
    #expect(found.tree.files["kafclaw.yaml"]?.bytes == Array("home".utf8))
    #expect(found.revision.tree == tree)
  }

  @Test func theTreeOfASubfolderStaysWhenOthersChange() throws {
    let home = try origin.tree(files: ["kafclaw.yaml": "home"])
    let first = try origin.tree([.folder(home, "home")])
    let parent = try origin.commit(first)
    let before = try snapshot(folder: "home").revision
    let second = try origin.tree([.folder(home, "home"), .file(try origin.blob("x"), "other")])
    try origin.commit(second, after: parent)
    let after = try snapshot(folder: "home").revision
    #expect(after.tree == before.tree)
    #expect(after.commit != before.commit)
  }

  @Test(arguments: [
    "absent", "home/absent", "kafclaw.yaml", "home/kafclaw.yaml", "..", "home/..", "link", "sub",
  ])
  func tellsOfAMissingFolder(folder: String) throws {
    let home = try origin.tree(files: ["kafclaw.yaml": "home"])
    let text = try origin.blob("home")
    let nowhere = String(repeating: "1", count: 40)
    try origin.commit(
      try origin.tree([
        .folder(home, "home"), .file(text, "kafclaw.yaml"), .init("120000", text, "link"),
        .init("160000", nowhere, "sub"),
      ]))
    let error = #expect(throws: ApplianceError.self) { try snapshot(folder: folder) }
    #expect(error?.code == .gitMissing)
  }

  @Test func takesAbsentEntriesForEmpty() throws {
    try origin.commit(try origin.tree([]))
    #expect(try snapshot().tree.files == [:])
    try origin.commit(try origin.tree(files: ["kafclaw.yaml": "one"]))
    #expect(try snapshot(entries: []).tree.files == [:])
  }

  @Test func ignoresWhatIsNotListed() throws {
    let text = try origin.blob("x")
    let big = try origin.blob(Data(repeating: 0, count: SourceLimits.fileBytes + 1))
    let git = try origin.tree([.file(text, "config")])
    try origin.commit(
      try origin.tree([
        .file(text, "kafclaw.yaml"), .folder(git, ".git"), .init("120000", text, "link"),
        .init("160000", String(repeating: "1", count: 40), "sub"), .file(text, "Kafclaw.yaml"),
        .file(big, "big"), .file(text, "a\r\nb"), .init("100644", text, bytes: [0xFF, 0xFE]),
      ]))
    #expect(try snapshot().tree.files.keys.sorted() == ["kafclaw.yaml"])
  }
}
