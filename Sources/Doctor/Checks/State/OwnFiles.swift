// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// Everything in the appliance's folders, but for the agent's own, and for what git keeps in its clone.
struct OwnFiles: Sendable {
  /// Files and folders that are looked at.
  static let limit = 20_000
  /// Folders below each other that are looked into.
  private static let depthLimit = 32

  /// Folders before what is in them.
  private(set) var files: [OwnFile] = []
  /// What could not be looked at, and why.
  private(set) var unread: [String] = []
  /// Whether there are more than so many.
  private(set) var isCut = false

  private let limit: Int
  private let agentFolders: Set<String>
  private let clone: String

  /// - Parameter limit: Other than ``limit`` for tests.
  init(_ paths: AppliancePaths, limit: Int = limit) {
    self.limit = limit
    agentFolders = Set(
      ["workspace", "work-repo"].map { VisibleText.escape(paths.agentFolder($0)) })
    clone = VisibleText.escape(paths.clone)
    for root in Self.roots(paths) { take(root) }
  }

  /// The folders of a host, each once; the state home, in which there may be most, last.
  static func roots(_ paths: AppliancePaths) -> [String] {
    let others = [paths.configuration, paths.copies, paths.runtime]
    let apart = others.filter { !$0.hasPrefix(paths.state + "/") }
    return Set(apart).subtracting([paths.state]).sorted() + [paths.state]
  }

  private mutating func take(_ root: String) {
    var status = stat()
    guard stat(root, &status) == 0 else {
      if errno != ENOENT { note(ApplianceError.system("examine", root)) }
      return
    }
    let top = OwnFile(root: root, names: [], mode: status.st_mode, owner: status.st_uid)
    files.append(top)
    var (folders, next) = ([top], 0)
    while next < folders.count, !isCut {
      do { folders += try take(in: folders[next]) } catch { note(ApplianceError.of(error)) }
      next += 1
    }
  }

  /// - Returns: The folders to look into next.
  private mutating func take(in parent: OwnFile) throws -> [OwnFile] {
    guard parent.names.count < Self.depthLimit else {
      throw ApplianceError(
        .fileUnsafe, "\"\(parent.path)\" is over \(Self.depthLimit) folders deep")
    }
    let folder = try OwnFile.openFolder(parent.root, parent.names, O_RDONLY)
    var folders: [OwnFile] = []
    for name in try names(in: folder, parent.path) {
      guard files.count < limit else {
        isCut = true
        break
      }
      guard let file = try examine(name, in: folder, parent), !agentFolders.contains(file.path)
      else { continue }
      files.append(file)
      if file.isFolder, file.path != clone { folders.append(file) }
    }
    return folders
  }

  /// - Returns: `nil` for what was removed meanwhile.
  private func examine(
    _ name: [CChar], in folder: borrowing Descriptor, _ parent: OwnFile
  ) throws -> OwnFile? {
    let names = parent.names + [name]
    var status = stat()
    guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      guard errno == ENOENT else {
        throw ApplianceError.system("examine", OwnFile.path(parent.root, names))
      }
      return nil
    }
    return OwnFile(
      root: parent.root, names: names, mode: status.st_mode, owner: status.st_uid)
  }

  private func names(in folder: borrowing Descriptor, _ path: String) throws -> [[CChar]] {
    let copy = dup(folder.number)
    guard copy >= 0, let stream = fdopendir(copy) else {
      throw ApplianceError.system("list", path)
    }
    defer { closedir(stream) }
    var names: [[CChar]] = []
    errno = 0
    while names.count <= limit, let entry = readdir(stream) {
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

  /// What was removed meanwhile is no part of the host.
  private mutating func note(_ error: ApplianceError) {
    if error.code != .fileMissing { unread.append(error.message) }
  }
}
