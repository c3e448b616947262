// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Glibc

/// Reads a desired-state folder from disk under the rules that hold for commits: regular files,
/// plain names, the same limits; never through a link.
public struct FolderReader {
  private var files: [String: SourceTree.File] = [:]
  private var total = 0

  /// - Parameter entries: The files and folders to read; others are ignored.
  /// - Throws: `io.missing` when `folder` does not exist, `source.refused` for what a commit could
  ///   not hold either.
  public static func read(_ folder: String, entries: [String]) throws -> SourceTree {
    var reader = FolderReader()
    let root = try Descriptor(opening: folder, O_RDONLY | O_DIRECTORY)
    for entry in entries { try reader.visit(entry, in: root, folder: "", shown: folder, depth: 1) }
    return SourceTree(files: reader.files)
  }

  private mutating func visit(
    _ name: String, in parent: borrowing Descriptor, folder: String, shown: String, depth: Int
  ) throws {
    let path = folder.isEmpty ? name : "\(folder)/\(name)"
    try SourceName.require(name, in: folder)
    var status = stat()
    guard fstatat(parent.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT && folder.isEmpty { return }
      throw ApplianceError.system("examine", "\(shown)/\(path)")
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: try readFile(name, path, in: parent, status: status, shown: shown)
    case S_IFDIR: try readFolder(name, path, in: parent, shown: shown, depth: depth)
    default:
      throw ApplianceError(
        .sourceRefused, "\"\(path)\" is neither a regular file nor a folder",
        hint: "links are not allowed in a desired state")
    }
  }

  private mutating func readFile(
    _ name: String, _ path: String, in parent: borrowing Descriptor, status: stat, shown: String
  ) throws {
    let number = openat(parent.number, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { throw ApplianceError.system("open", "\(shown)/\(path)") }
    let file = Descriptor(owning: number)
    let bytes: [UInt8]
    do {
      bytes = try file.readAll(limit: SourceLimits.fileBytes, path: path)
    } catch let error as ApplianceError where error.code == .fileTooLarge {
      throw ApplianceError(.sourceRefused, error.message)
    }
    total += bytes.count
    guard total <= SourceLimits.totalBytes, files.count < SourceLimits.fileCount else {
      throw ApplianceError(
        .sourceRefused,
        "the desired state is over \(SourceLimits.totalBytes) bytes or "
          + "\(SourceLimits.fileCount) files")
    }
    files[path] = SourceTree.File(bytes: bytes, isExecutable: status.st_mode & 0o100 != 0)
  }

  private mutating func readFolder(
    _ name: String, _ path: String, in parent: borrowing Descriptor, shown: String, depth: Int
  ) throws {
    guard depth < SourceLimits.pathDepth else {
      throw ApplianceError(
        .sourceRefused, "\"\(path)\" is nested deeper than \(SourceLimits.pathDepth) folders")
    }
    let number = openat(parent.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else { throw ApplianceError.system("open", "\(shown)/\(path)") }
    let folder = Descriptor(owning: number)
    var folded: Set<String> = []
    for child in try Self.names(in: folder, path: path) {
      guard folded.insert(SourceName.folded(child)).inserted else {
        throw ApplianceError(
          .sourceRefused, "two names in \"\(path)\" differ only in case or accents: \"\(child)\"")
      }
      try visit(child, in: folder, folder: path, shown: shown, depth: depth + 1)
    }
  }

  private static func names(in folder: borrowing Descriptor, path: String) throws -> [String] {
    let copy = dup(folder.number)
    guard copy >= 0, let stream = fdopendir(copy) else {
      throw ApplianceError.system("list", path)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let name else {
        throw ApplianceError(.sourceRefused, "a name in \"\(path)\" is not UTF-8")
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
