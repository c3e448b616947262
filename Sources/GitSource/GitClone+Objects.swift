// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2

/// What an object of a repository is.
public enum GitObjectKind: String, Sendable, CaseIterable {
  case commit
  case tree
  case blob
  case tag

  init?(_ type: git_object_t) {
    switch type {
    case GIT_OBJECT_COMMIT: self = .commit
    case GIT_OBJECT_TREE: self = .tree
    case GIT_OBJECT_BLOB: self = .blob
    case GIT_OBJECT_TAG: self = .tag
    default: return nil
    }
  }
}

/// What is in an object.
public enum GitObjectContent {
  /// Lent: must not leave the closure.
  case bytes(UnsafeRawBufferPointer)
  /// Larger than was asked for, and not read. Bytes.
  case tooLarge(Int)
  /// Why it cannot be read.
  case unreadable(String)
}

extension GitClone {
  /// Lends every object of some kinds, whether a branch leads to it or not, in the order of their
  /// ids. What cannot be read is told, and the rest goes on.
  ///
  /// - Parameter limit: Larger objects are not read. Bytes.
  /// - Throws: `git.failed` when the objects cannot be listed; whatever `body` throws.
  public func forEachObject(
    of kinds: Set<GitObjectKind>, limit: Int = 16 << 20,
    _ body: (_ id: String, GitObjectKind, GitObjectContent) throws -> Void
  ) throws {
    for identifier in try repository.identifiers() {
      try repository.lend(identifier, of: kinds, limit: limit, body)
    }
  }

  /// The names that blobs have in some tree, each without its folders.
  public func names(of blobs: Set<String>) throws -> [String: String] {
    var names: [String: String] = [:]
    guard !blobs.isEmpty else { return names }
    try forEachObject(of: [.tree], limit: TreeObject.limit) { _, _, content in
      // `try?`: a tree that git would not have written names no file.
      guard case .bytes(let bytes) = content, let tree = try? TreeObject(Array(bytes), folder: "")
      else { return }
      for entry in tree.entries where blobs.contains(entry.id.text) {
        names[entry.id.text] = names[entry.id.text] ?? entry.shown
      }
    }
    return names
  }
}

extension Repository {
  /// The ids of all objects, sorted, each once.
  fileprivate func identifiers() throws -> [ObjectID] {
    var found: [git_oid] = []
    let result = withUnsafeMutablePointer(to: &found) { list in
      git_odb_foreach(
        objects,
        { identifier, list in
          guard let identifier, let list else { return GIT_EUSER.rawValue }
          list.assumingMemoryBound(to: [git_oid].self).pointee.append(identifier.pointee)
          return 0
        }, list)
    }
    try Libgit2.check(result, "list the objects of \"\(path)\"")
    return Set(found.map { ObjectID($0) }).sorted { $0.text < $1.text }
  }

  fileprivate func lend(
    _ identifier: ObjectID, of kinds: Set<GitObjectKind>, limit: Int,
    _ body: (String, GitObjectKind, GitObjectContent) throws -> Void
  ) throws {
    var (wanted, size, type) = (identifier.raw, 0, GIT_OBJECT_INVALID)
    let looked = git_odb_read_header(&size, &type, objects, &wanted)
    guard looked == 0 else {
      return try body(identifier.text, .blob, .unreadable(Libgit2.words(looked)))
    }
    guard let kind = GitObjectKind(type), kinds.contains(kind) else { return }
    guard size <= limit else { return try body(identifier.text, kind, .tooLarge(size)) }
    var object: OpaquePointer?
    let result = git_odb_read(&object, objects, &wanted)
    defer { git_odb_object_free(object) }
    guard result == 0, let object else {
      return try body(identifier.text, kind, .unreadable(Libgit2.words(result)))
    }
    let bytes = UnsafeRawBufferPointer(
      start: git_odb_object_data(object), count: git_odb_object_size(object))
    try body(identifier.text, kind, .bytes(bytes))
  }
}
