// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

extension GitClone {
  /// The paths below `folder` that a commit adds, removes or changes (content or mode) against its
  /// first parent, relative to `folder`, sorted. A first commit changes everything it has.
  ///
  /// - Throws: `source.refused` when over 100,000 entries would have to be looked at.
  public func changedPaths(of commit: String, folder: String) throws -> [String] {
    let object = try CommitObject(try ObjectID(commit), in: repository)
    let after = try repository.folder(folder, of: object.tree)
    var before: ObjectID?
    if let parent = object.parents.first {
      before = try repository.folder(folder, of: try CommitObject(parent, in: repository).tree)
    }
    var comparison = TreeComparison()
    try comparison.compare(before, after, in: repository)
    return comparison.paths.sorted()
  }
}

/// The differences of two trees, folder by folder; folders of one id are not opened.
private struct TreeComparison {
  private static let entryLimit = 100_000
  /// All paths together. Bytes.
  private static let textLimit = 16 << 20
  private static let depthLimit = 256

  private(set) var paths: [String] = []
  private var entries = 0
  private var text = 0

  /// - Parameter path: Of the folder, empty or with a slash at its end.
  mutating func compare(
    _ before: ObjectID?, _ after: ObjectID?, path: String = "", depth: Int = 0,
    in repository: borrowing Repository
  ) throws {
    guard before != after else { return }
    guard depth <= Self.depthLimit else { throw Self.refused("folders below each other") }
    let old = try list(before, path, in: repository)
    let new = try list(after, path, in: repository)
    for name in Set(old.keys).union(new.keys) where old[name] != new[name] {
      let (was, isNow) = (old[name], new[name])
      let place = path + String(decoding: name, as: UTF8.self)
      try add(was, isNow, place)
      let (oldFolder, newFolder) = (Self.folder(was), Self.folder(isNow))
      if oldFolder != nil || newFolder != nil {
        try compare(oldFolder, newFolder, path: place + "/", depth: depth + 1, in: repository)
      }
    }
  }

  /// Records a change unless both sides are folders or absent: then the files below tell.
  private mutating func add(
    _ was: TreeObject.Entry?, _ isNow: TreeObject.Entry?, _ place: String
  ) throws {
    guard [was, isNow].contains(where: { $0 != nil && $0?.kind != .folder }) else { return }
    text += place.utf8.count
    guard text <= Self.textLimit else { throw Self.refused("bytes of paths") }
    paths.append(place)
  }

  private mutating func list(
    _ tree: ObjectID?, _ path: String, in repository: borrowing Repository
  ) throws -> [[UInt8]: TreeObject.Entry] {
    guard let tree else { return [:] }
    let found = try TreeObject(tree, folder: path, in: repository).entries
    entries += found.count
    guard entries <= Self.entryLimit else { throw Self.refused("entries") }
    return Dictionary(found.map { ($0.name, $0) }) { first, _ in first }
  }

  private static func folder(_ entry: TreeObject.Entry?) -> ObjectID? {
    entry?.kind == .folder ? entry?.id : nil
  }

  private static func refused(_ what: String) -> ApplianceError {
    ApplianceError(.sourceRefused, "the commit's changes have too many \(what)")
  }
}
