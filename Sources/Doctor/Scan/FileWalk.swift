// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// The regular files below folders, one after the other. No link is followed, and a name need not be
/// text to be looked at.
struct FileWalk {
  /// Folders below each other that are looked into.
  private static let depthLimit = 100

  /// What could not be looked at, and why.
  private(set) var unread: [String] = []
  private(set) var files = 0

  private let body: (_ path: String, borrowing Descriptor, _ size: Int) throws -> Void

  /// - Parameter body: Gets each file, open for reading, and the size that it has. What it throws is
  ///   told in ``unread``.
  init(_ body: @escaping (_ path: String, borrowing Descriptor, _ size: Int) throws -> Void) {
    self.body = body
  }

  /// - Parameter root: May be a link itself, or missing.
  mutating func visit(_ root: String, unless isLeftOut: (_ path: String) -> Bool) {
    do {
      let folder = try Descriptor(opening: root, O_RDONLY | O_DIRECTORY)
      try visit(folder, root, 0, isLeftOut)
    } catch { note(error) }
  }

  private mutating func visit(
    _ folder: borrowing Descriptor, _ path: String, _ depth: Int, _ isLeftOut: (String) -> Bool
  ) throws {
    guard depth < Self.depthLimit else {
      throw ApplianceError(.fileUnsafe, "\"\(path)\" is over \(Self.depthLimit) folders deep")
    }
    for name in try Self.names(in: folder, path) {
      let bytes = name.dropLast().map { UInt8(bitPattern: $0) }
      let place = path + "/" + String(decoding: bytes, as: UTF8.self)
      guard !isLeftOut(place) else { continue }
      do { try visit(name, in: folder, place, depth, isLeftOut) } catch { note(error) }
    }
  }

  private mutating func visit(
    _ name: [CChar], in parent: borrowing Descriptor, _ path: String, _ depth: Int,
    _ isLeftOut: (String) -> Bool
  ) throws {
    var status = stat()
    guard fstatat(parent.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      throw ApplianceError.system("examine", path)
    }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    guard isFolder || status.st_mode & S_IFMT == S_IFREG else { return }
    // Whatever has taken its place meanwhile must not be waited for.
    let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (isFolder ? O_DIRECTORY : 0)
    let number = openat(parent.number, name, flags)
    guard number >= 0 else { throw ApplianceError.system("open", path) }
    let opened = Descriptor(owning: number)
    if isFolder { return try visit(opened, path, depth + 1, isLeftOut) }
    guard fstat(opened.number, &status) == 0 else { throw ApplianceError.system("examine", path) }
    files += 1
    try body(path, opened, Int(status.st_size))
  }

  private static func names(in folder: borrowing Descriptor, _ path: String) throws -> [[CChar]] {
    let copy = dup(folder.number)
    guard copy >= 0, let stream = fdopendir(copy) else {
      throw ApplianceError.system("list", path)
    }
    defer { closedir(stream) }
    var names: [[CChar]] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
      }
      let dot = CChar(bitPattern: UInt8(ascii: "."))
      if name != [dot], name != [dot, dot] { names.append(name + [0]) }
      errno = 0
    }
    guard errno == 0 else { throw ApplianceError.system("list", path) }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// What was removed meanwhile is not there.
  private mutating func note(_ error: any Error) {
    let cause = ApplianceError.of(error)
    if cause.code != .fileMissing { unread.append(VisibleText.escape(cause.message)) }
  }
}
