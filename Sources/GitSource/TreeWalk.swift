// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2

/// Collects the blobs of a tree within limits. Regular files and folders only: a link or a
/// submodule is refused before anything else is read.
struct TreeWalk {
  private(set) var files: [String: SourceTree.File] = [:]
  private var total = 0
  private var folders = 0

  /// Reads the entries of `root` that are named in `entries`. What would change the content of
  /// files on their way into a work tree is refused even where it is not named.
  mutating func read(
    _ root: ObjectID, entries: [String], in repository: borrowing Repository
  ) throws {
    for entry in try TreeObject(root, folder: "", in: repository).entries {
      guard let name = entry.text else { continue }
      if name == ContentRules.attributesFile, !entries.contains(name) {
        try ContentRules.requireAttributes(try bytes(of: entry, path: name, in: repository))
      }
      if SourceName.isModules(name) { try SourceName.require(name, in: "") }
      guard entries.contains(where: { $0.utf8.elementsEqual(entry.name) }) else { continue }
      try visit(entry, folder: "", depth: 1, in: repository)
    }
  }

  private mutating func readAll(
    _ tree: ObjectID, folder: String, depth: Int, in repository: borrowing Repository
  ) throws {
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
    for entry in try TreeObject(tree, folder: folder, in: repository).entries {
      guard let name = entry.text else {
        throw ApplianceError(.sourceRefused, "a name in \"\(folder)\" is not UTF-8")
      }
      guard folded.insert(SourceName.folded(name)).inserted else {
        throw ApplianceError(
          .sourceRefused,
          "two names in \"\(folder)\" differ only in case or accents: \"\(entry.shown)\"")
      }
      try visit(entry, folder: folder, depth: depth, in: repository)
    }
  }

  private mutating func visit(
    _ entry: TreeObject.Entry, folder: String, depth: Int, in repository: borrowing Repository
  ) throws {
    let name = entry.text ?? ""
    try SourceName.require(name, in: folder)
    let path = folder.isEmpty ? name : "\(folder)/\(name)"
    switch entry.kind {
    case .folder: try readAll(entry.id, folder: path, depth: depth + 1, in: repository)
    case .file(let isExecutable):
      let bytes = try bytes(of: entry, path: path, in: repository)
      try ContentRules.require(bytes, path: path)
      if name == ContentRules.attributesFile { try ContentRules.requireAttributes(bytes) }
      total += bytes.count
      guard total <= SourceLimits.totalBytes, files.count < SourceLimits.fileCount else {
        throw ApplianceError(
          .sourceRefused,
          "the desired state is over \(SourceLimits.totalBytes) bytes or "
            + "\(SourceLimits.fileCount) files")
      }
      files[path] = SourceTree.File(bytes: bytes, isExecutable: isExecutable)
    case .other: throw refused(entry, path)
    }
  }

  private func bytes(
    of entry: TreeObject.Entry, path: String, in repository: borrowing Repository
  ) throws -> [UInt8] {
    guard case .file = entry.kind else { throw refused(entry, path) }
    return try repository.read(
      entry.id, GIT_OBJECT_BLOB, limit: SourceLimits.fileBytes, as: "\"\(path)\"")
  }

  private func refused(_ entry: TreeObject.Entry, _ path: String) -> ApplianceError {
    ApplianceError(
      .sourceRefused, "\"\(path)\" has mode \(entry.mode)",
      hint: "only regular files and folders are allowed; links and submodules are not")
  }
}

/// Content that stands for other content: what a reviewer sees is not what is read here.
enum ContentRules {
  static let attributesFile = ".gitattributes"

  private static let pointer = Array("version https://git-lfs.github.com/spec".utf8)

  /// Attributes that make a file of a work tree differ from its blob (gitattributes(5)).
  private static let changing = ["filter", "ident", "working-tree-encoding"]

  static func require(_ bytes: [UInt8], path: String) throws {
    guard bytes.starts(with: pointer) else { return }
    throw ApplianceError(
      .sourceRefused, "\"\(path)\" is a pointer to content that Git LFS keeps elsewhere",
      hint: "commit the content itself: git lfs migrate export")
  }

  static func requireAttributes(_ bytes: [UInt8]) throws {
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0B }
    for line in bytes.split(separator: 0x0A) {
      let words = line.split(whereSeparator: isBlank)
      guard words.first?.first != UInt8(ascii: "#") else { continue }
      for word in words.dropFirst() {
        let name = String(decoding: word.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
        guard changing.contains(name) else { continue }
        throw ApplianceError(
          .sourceRefused, "\"\(attributesFile)\" sets \"\(name)\", which changes what files hold",
          hint: "a desired state is read as it was committed")
      }
    }
  }
}
