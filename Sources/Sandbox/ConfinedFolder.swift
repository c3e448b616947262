// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSandbox
import DurableIO
import Glibc

extension ApplianceError.Code {
  /// A path leads out of the folder, through a link, or to something that is not a file.
  public static let confinement = Self("sandbox.confinement")
}

/// File access inside one folder, enforced by the kernel at each opening: no `..`, no absolute
/// path, no symbolic link, no race between a check and its use (openat2(2)).
public struct ConfinedFolder: ~Copyable {
  private let root: Descriptor
  private let shown: String

  public init(_ path: String) throws {
    let number = kafclaw_open_root(path)
    guard number >= 0 else { throw ApplianceError.system("open", path) }
    root = Descriptor(owning: number)
    shown = path
  }

  /// The content of a regular file.
  public func read(_ path: String, limit: Int) throws -> [UInt8] {
    let file = try open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
    try requireRegular(file, path)
    return try file.readAll(limit: limit, path: path)
  }

  /// Names in a folder, sorted; folders end in a slash. At most `limit`.
  public func list(_ path: String, limit: Int) throws -> [String] {
    let folder = try open(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY)
    let copy = dup(folder.number)
    guard copy >= 0, let stream = fdopendir(copy) else { throw ApplianceError.system("list", path) }
    defer { closedir(stream) }
    var names: [String] = []
    while names.count < limit, let entry = readdir(stream) {
      let isFolder = entry.pointee.d_type == UInt8(DT_DIR)
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(isFolder ? name + "/" : name) }
    }
    return names.sorted()
  }

  /// Replaces or creates a file as a whole, with the folders above it; durable on return.
  public func write(_ path: String, _ bytes: [UInt8]) throws {
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last, name != ".", name != "..", !path.hasSuffix("/") else {
      throw ApplianceError(.confinement, "\"\(path)\" names no file")
    }
    let folder = try makeFolders(Array(parts.dropLast()), path)
    let temporary = ".\(name.prefix(100)).\(getpid()).kafclaw-tmp"
    unlinkat(folder.number, temporary, 0)
    let number = kafclaw_open_beneath(
      folder.number, temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    guard number >= 0 else { throw failure("create", path) }
    let file = Descriptor(owning: number)
    do {
      try file.write(bytes, to: path)
      try file.synchronize(path)
      guard renameat(folder.number, temporary, folder.number, name) == 0 else {
        throw ApplianceError.system("replace", path)
      }
    } catch {
      unlinkat(folder.number, temporary, 0)
      throw error
    }
    guard fsync(folder.number) == 0 else { throw ApplianceError.system("flush", path) }
  }

  private func makeFolders(_ parts: [String], _ path: String) throws -> Descriptor {
    guard parts.count <= SourceLimits.pathDepth else {
      throw ApplianceError(.confinement, "\"\(path)\" is nested too deeply")
    }
    var folder = try open(".", O_RDONLY | O_DIRECTORY)
    for part in parts {
      guard part != ".." else {
        throw ApplianceError(.confinement, "\"\(path)\" leaves the folder")
      }
      if mkdirat(folder.number, part, 0o700) != 0 && errno != EEXIST {
        throw failure("create", path)
      }
      let next = kafclaw_open_beneath(folder.number, part, O_RDONLY | O_DIRECTORY, 0)
      guard next >= 0 else { throw failure("enter", path) }
      folder = Descriptor(owning: next)
    }
    return folder
  }

  private func open(_ path: String, _ flags: Int32) throws -> Descriptor {
    guard !path.utf8.contains(0), path.utf8.count < Int(PATH_MAX) else {
      throw ApplianceError(.confinement, "the path is too long or has a zero byte")
    }
    let number = kafclaw_open_beneath(root.number, path, flags, 0)
    guard number >= 0 else { throw failure("open", path) }
    return Descriptor(owning: number)
  }

  private func requireRegular(_ file: borrowing Descriptor, _ path: String) throws {
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw ApplianceError.system("examine", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.confinement, "\"\(path)\" is not a regular file")
    }
  }

  /// EXDEV and ELOOP are the kernel's words for "leads out of the folder" and "is a link".
  private func failure(_ operation: String, _ path: String) -> ApplianceError {
    switch errno {
    case EXDEV: ApplianceError(.confinement, "\"\(path)\" leaves the folder")
    case ELOOP: ApplianceError(.confinement, "\"\(path)\" leads through a symbolic link")
    default: .system(operation, path)
    }
  }
}
