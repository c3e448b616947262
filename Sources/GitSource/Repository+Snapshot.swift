// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation

extension Repository {
  /// Reads the desired state of a commit.
  func snapshot(
    of identifier: ObjectID, branch: String, folder: String, entries: [String]
  ) throws -> GitSnapshot {
    let commit = try CommitObject(identifier, in: self)
    guard let root = try self.folder(folder, of: commit.tree) else {
      throw ApplianceError(
        .gitMissing, "commit \(identifier) has no folder \"\(VisibleText.escape(folder))\"",
        hint: "check source.path")
    }
    var walk = TreeWalk()
    try walk.read(root, entries: entries, in: self)
    let revision = GitRevision(
      commit: identifier.text, tree: root.text, branch: branch, summary: commit.summary,
      committedAt: Date(timeIntervalSince1970: TimeInterval(try commit.committedAt())))
    return GitSnapshot(revision: revision, tree: SourceTree(files: walk.files))
  }

  /// The tree of a folder below a root; `nil` when there is none.
  func folder(_ path: String, of root: ObjectID) throws -> ObjectID? {
    let dot = Array(".".utf8)
    var (tree, shown) = (root, "")
    for part in path.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(dot) {
      let found = try TreeObject(tree, folder: shown, in: self).entry(named: part)
      guard let found, found.kind == .folder else { return nil }
      shown += shown.isEmpty ? found.shown : "/\(found.shown)"
      tree = found.id
    }
    return tree
  }
}
