// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2

/// Collects the blobs of a tree within limits. Regular files and folders only: a link or a
/// submodule is refused before anything else is read.
struct TreeWalk {
  let repository: OpaquePointer
  private(set) var files: [String: SourceTree.File] = [:]
  private var total = 0
  private var folders = 0

  init(repository: OpaquePointer) {
    self.repository = repository
  }

  /// Reads the entries of `root` that are named in `entries`.
  mutating func read(_ root: OpaquePointer?, entries: [String]) throws {
    var seen: Set<String> = []
    for index in 0..<git_tree_entrycount(root) {
      guard let entry = git_tree_entry_byindex(root, index) else { continue }
      guard let name = name(of: entry), entries.contains(name) else { continue }
      guard seen.insert(name).inserted else {
        throw ApplianceError(.sourceRefused, "the folder has two entries \"\(name)\"")
      }
      try visit(entry, name: name, folder: "", depth: 1)
    }
  }

  private mutating func readAll(_ tree: OpaquePointer?, folder: String, depth: Int) throws {
    folders += 1
    guard folders <= SourceLimits.fileCount else {
      throw ApplianceError(
        .sourceRefused, "the desired state has over \(SourceLimits.fileCount) folders")
    }
    guard depth <= SourceLimits.pathDepth else {
      throw ApplianceError(
        .sourceRefused, "\"\(folder)\" is nested deeper than \(SourceLimits.pathDepth) folders")
    }
    var folded: Set<String> = []
    for index in 0..<git_tree_entrycount(tree) {
      guard let entry = git_tree_entry_byindex(tree, index) else { continue }
      guard let name = name(of: entry) else {
        throw ApplianceError(.sourceRefused, "a name in \"\(folder)\" is not UTF-8")
      }
      guard folded.insert(name.lowercased()).inserted else {
        throw ApplianceError(
          .sourceRefused, "two names in \"\(folder)\" differ only in case: \"\(name)\"")
      }
      try visit(entry, name: name, folder: folder, depth: depth)
    }
  }

  private mutating func visit(
    _ entry: OpaquePointer, name: String, folder: String, depth: Int
  ) throws {
    try SourceName.require(name, in: folder)
    let path = folder.isEmpty ? name : "\(folder)/\(name)"
    switch git_tree_entry_filemode_raw(entry) {
    case GIT_FILEMODE_TREE:
      var tree: OpaquePointer?
      try Libgit2.check(
        git_tree_lookup(&tree, repository, git_tree_entry_id(entry)), "read folder \"\(path)\"")
      defer { git_tree_free(tree) }
      try readAll(tree, folder: path, depth: depth + 1)
    case GIT_FILEMODE_BLOB: try readBlob(entry, path: path, isExecutable: false)
    case GIT_FILEMODE_BLOB_EXECUTABLE: try readBlob(entry, path: path, isExecutable: true)
    case let mode:
      throw ApplianceError(
        .sourceRefused, "\"\(path)\" has mode \(String(mode.rawValue, radix: 8))",
        hint: "only regular files and folders are allowed; links and submodules are not")
    }
  }

  private mutating func readBlob(
    _ entry: OpaquePointer, path: String, isExecutable: Bool
  ) throws {
    var blob: OpaquePointer?
    try Libgit2.check(
      git_blob_lookup(&blob, repository, git_tree_entry_id(entry)), "read \"\(path)\"")
    defer { git_blob_free(blob) }
    let size = Int(git_blob_rawsize(blob))
    guard size <= SourceLimits.fileBytes else {
      throw ApplianceError(
        .sourceRefused, "\"\(path)\" has \(size) bytes; \(SourceLimits.fileBytes) are allowed")
    }
    total += size
    guard total <= SourceLimits.totalBytes, files.count < SourceLimits.fileCount else {
      throw ApplianceError(
        .sourceRefused,
        "the desired state is over \(SourceLimits.totalBytes) bytes or "
          + "\(SourceLimits.fileCount) files")
    }
    let bytes = [UInt8](UnsafeRawBufferPointer(start: git_blob_rawcontent(blob), count: size))
    files[path] = SourceTree.File(bytes: bytes, isExecutable: isExecutable)
  }

  private func name(of entry: OpaquePointer) -> String? {
    git_tree_entry_name(entry).flatMap { String(validatingCString: $0) }
  }
}
