// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2
import Foundation

/// A repository on this host, opened once for a group of reads.
///
/// Blocking: runs in the `source` process only.
public struct GitClone: ~Copyable {
  /// The tip that was fetched last, whatever anybody thinks of it.
  static let candidate = "refs/kafclaw/candidate"

  /// A temporary file is left behind by a process that ended in the middle of a pack. Seconds.
  private static let abandonedAfter: TimeInterval = 600

  let repository: Repository

  /// Opens what ``GitReader/fetch(_:access:branch:into:limits:)`` made.
  ///
  /// - Throws: `git.missing` when there is none; `git.damaged` when it is shallow, borrows objects
  ///   or replaces some: then neither history nor content is what the commits say.
  public init(opening path: String) throws {
    let opened = try Repository(opening: path)
    try Self.requireWhole(opened)
    repository = opened
  }

  /// Opens somebody's repository on this host, only to read. It may be shallow or borrow objects,
  /// as those of continuous integration and of hosts do; its replaced objects are read as they
  /// were before.
  ///
  /// - Throws: `git.missing` when there is none.
  public init(lookingAt path: String) throws {
    repository = try Repository(opening: path)
  }

  private init(_ repository: consuming Repository) {
    self.repository = repository
  }

  /// Opens the clone, or makes it.
  static func make(_ path: String) throws -> GitClone {
    do {
      return try GitClone(opening: path)
    } catch let error as ApplianceError where error.code == .gitMissing {
      return GitClone(try Repository(creatingBare: path))
    }
  }

  /// The files below `folder` that a desired state is made of, as of a commit.
  ///
  /// - Parameters:
  ///   - branch: Whose commit it is; named in the result.
  ///   - entries: The files and folders to read; others are ignored.
  public func snapshot(
    of commit: String, branch: String, folder: String, entries: [String]
  ) throws -> GitSnapshot {
    try repository.snapshot(
      of: try ObjectID(commit), branch: branch, folder: folder, entries: entries)
  }

  /// The raw bytes of a commit: what its signature stands in and what its id is made of.
  ///
  /// - Throws: `git.damaged` when it is missing or its bytes have another id.
  public func commitObject(_ id: String) throws -> [UInt8] {
    let identifier = try ObjectID(id)
    let bytes = try repository.read(
      identifier, GIT_OBJECT_COMMIT, limit: CommitObject.limit, as: "commit \(identifier)")
    var hash = git_oid()
    try Libgit2.check(
      git_odb_hash(&hash, bytes, bytes.count, GIT_OBJECT_COMMIT), "hash commit \(identifier)")
    guard ObjectID(hash) == identifier else {
      throw repository.damaged("commit \(identifier) has another id")
    }
    return bytes
  }

  private static func requireWhole(_ repository: borrowing Repository) throws {
    for (name, what) in [
      ("shallow", "it lacks history"), ("info/grafts", "it has grafts"),
      ("objects/info/alternates", "it borrows objects"),
      ("objects/info/http-alternates", "it borrows objects"),
      ("refs/replace", "it replaces objects"),
    ] where repository.has(name) {
      throw repository.damaged(what)
    }
    // Replacements may stand in one file with all references as well.
    guard repository.has("packed-refs") else { return }
    let text = try Data(contentsOf: URL(filePath: repository.folder + "packed-refs"))
    guard text.range(of: Data(" refs/replace/".utf8)) == nil else {
      throw repository.damaged("it replaces objects")
    }
  }

  /// Removes parts of packs that a killed process left behind, which nobody will finish.
  func removeAbandonedPacks() throws {
    let folder = repository.folder + "objects/pack"
    let files = FileManager.default
    for name in try files.contentsOfDirectory(atPath: folder) where name.hasPrefix("pack_git2_") {
      let file = "\(folder)/\(name)"
      // `try?`: it went while we looked.
      let attributes = try? files.attributesOfItem(atPath: file)
      guard let date = attributes?[.modificationDate] as? Date,
        -date.timeIntervalSinceNow > Self.abandonedAfter
      else { continue }
      try files.removeItem(atPath: file)
    }
  }
}
