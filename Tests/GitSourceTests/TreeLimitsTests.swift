// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GitSource
import Testing

/// How much a commit may hold: the limit is read, one more is refused.
struct TreeLimitsTests {
  private let origin: GitRepository

  init() throws {
    origin = try GitRepository(in: try TemporaryFolder())
  }

  private func read(_ workspace: String) throws -> [String: SourceTree.File] {
    try origin.commit(try origin.tree([.folder(workspace, "workspace")]))
    return try GitReader.snapshot(
      of: origin.path, branch: "main", folder: "", entries: ["workspace"]
    ).tree.files
  }

  private func expectRefusal(_ workspace: String) {
    let error = #expect(throws: ApplianceError.self) { try read(workspace) }
    #expect(error?.code == .sourceRefused)
  }

  private func zeros(_ count: Int) throws -> String {
    try origin.blob(Data(repeating: 0, count: count))
  }

  @Test func limitsTheSizeOfAFile() throws {
    let fits = try origin.tree([.file(try zeros(SourceLimits.fileBytes), "file")])
    #expect(try read(fits)["workspace/file"]?.bytes.count == SourceLimits.fileBytes)
    expectRefusal(try origin.tree([.file(try zeros(SourceLimits.fileBytes + 1), "file")]))
  }

  @Test func limitsTheSizeOfAllFiles() throws {
    let file = try zeros(SourceLimits.fileBytes)
    let count = SourceLimits.totalBytes / SourceLimits.fileBytes
    let entries = (0..<count).map { GitRepository.Entry.file(file, "\($0)") }
    #expect(try read(try origin.tree(entries)).count == count)
    expectRefusal(try origin.tree(entries + [.file(try zeros(1), "last")]))
  }

  @Test func limitsTheNumberOfFiles() throws {
    let file = try origin.blob("")
    let entries = (0..<SourceLimits.fileCount).map { GitRepository.Entry.file(file, "\($0)") }
    #expect(try read(try origin.tree(entries)).count == SourceLimits.fileCount)
    expectRefusal(try origin.tree(entries + [.file(file, "last")]))
  }

  @Test func limitsTheNumberOfFilesAcrossFolders() throws {
    let file = try origin.blob("")
    let half = try origin.tree(
      (0...SourceLimits.fileCount / 2).map { GitRepository.Entry.file(file, "\($0)") })
    expectRefusal(try origin.tree([.folder(half, "one"), .folder(half, "two")]))
  }

  @Test func limitsTheDepthOfFolders() throws {
    var tree = try origin.tree(files: ["file": "x"])
    var path = "file"
    for level in 2..<SourceLimits.pathDepth {
      tree = try origin.tree([.folder(tree, "\(level)")])
      path = "\(level)/\(path)"
    }
    #expect(try read(tree).keys.sorted() == ["workspace/\(path)"])
    expectRefusal(try origin.tree([.folder(tree, "more")]))
  }

  /// A few small trees name each other so often that nobody could visit them all.
  @Test func refusesTreesThatOnlyMultiply() throws {
    var tree = try origin.tree([])
    for _ in 0..<4 {
      tree = try origin.tree((0..<10).map { .folder(tree, "\($0)") })
    }
    expectRefusal(tree)
  }
}
