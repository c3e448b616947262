// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSandbox
import DurableIO
import Glibc
import Synchronization

extension ApplianceError.Code {
  /// A path leads out of the folder, through a link, or to something that is not a file.
  public static let confinement = Self("sandbox.confinement")
}

/// File access inside one folder, enforced by the kernel at each opening: no `..`, no absolute
/// path, no symbolic link, no race between a check and its use (openat2(2)).
public struct ConfinedFolder: ~Copyable {
  private let root: Descriptor
  private let shown: String
  /// Whether a group works here together: what is made is the group's too, as the root is.
  private let isShared: Bool

  public init(_ path: String) throws {
    let number = kafclaw_open_root(path)
    guard number >= 0 else { throw ApplianceError.system("open", path) }
    root = Descriptor(owning: number)
    shown = path
    var status = stat()
    let group = mode_t(S_ISGID) | 0o070
    isShared = fstat(number, &status) == 0 && status.st_mode & group == group
  }

  /// Makes a folder of this process one that its group shares, unless it is.
  public static func share(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw ApplianceError.system("examine", path) }
    let wanted = mode_t(S_ISGID) | 0o770
    guard status.st_mode & wanted != wanted, status.st_uid == geteuid() else { return }
    guard chmod(path, wanted) == 0 else { throw ApplianceError.system("chmod", path) }
  }

  /// The content of a regular file.
  public func read(_ path: String, limit: Int) throws -> [UInt8] {
    let file = try open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
    _ = try requireRegular(file, path)
    return try file.readAll(limit: limit, path: path)
  }

  /// A regular file's content and permissions.
  public func inspect(_ path: String, limit: Int) throws -> (bytes: [UInt8], mode: UInt32) {
    let file = try open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
    let status = try requireRegular(file, path)
    return (try file.readAll(limit: limit, path: path), status.st_mode & 0o7777)
  }

  /// Removes a file; a missing one is fine.
  public func removeIfPresent(_ path: String) throws {
    let parts = try ConfinedPath.fileParts(of: path)
    let parent = parts.dropLast().joined(separator: "/")
    let folder: Descriptor
    do {
      folder = try open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY)
    } catch let error as ApplianceError where error.code == .fileMissing {
      return
    }
    guard unlinkat(folder.number, parts[parts.count - 1], 0) == 0 || errno == ENOENT else {
      throw ConfinedPath.failure("remove", path)
    }
    guard fsync(folder.number) == 0 else { throw ApplianceError.system("flush", path) }
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

  /// Replaces or creates a file as a whole, with the folders above it; durable on return. In a
  /// folder that a group shares, the group may do with it what its owner may.
  public func write(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws {
    let mode = isShared ? mode | (mode & 0o700) >> 3 : mode
    let parts = try ConfinedPath.fileParts(of: path)
    let name = parts[parts.count - 1]
    let folder = try makeFolders(Array(parts.dropLast()), path)
    let temporary = ".kafclaw-\(getpid())-\(Self.nextSerial).tmp"
    unlinkat(folder.number, temporary, 0)
    let number = kafclaw_open_beneath(
      folder.number, temporary, O_WRONLY | O_CREAT | O_EXCL, mode)
    guard number >= 0 else { throw ConfinedPath.failure("create", path) }
    let file = Descriptor(owning: number)
    do {
      guard fchmod(file.number, mode) == 0 else { throw ApplianceError.system("chmod", path) }
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

  /// Tells apart the temporary files of writers in one process.
  private static let serial = Atomic<UInt64>(0)

  private static var nextSerial: UInt64 { serial.wrappingAdd(1, ordering: .relaxed).newValue }

  private func makeFolders(_ parts: [String], _ path: String) throws -> Descriptor {
    guard parts.count <= SourceLimits.pathDepth else {
      throw ApplianceError(.confinement, "\"\(path)\" is nested too deeply")
    }
    var folder = try open(".", O_RDONLY | O_DIRECTORY)
    for part in parts {
      let isMade = mkdirat(folder.number, part, isShared ? 0o770 : 0o700) == 0
      guard isMade || errno == EEXIST else { throw ConfinedPath.failure("create", path) }
      let next = kafclaw_open_beneath(folder.number, part, O_RDONLY | O_DIRECTORY, 0)
      guard next >= 0 else { throw ConfinedPath.failure("enter", path) }
      folder = Descriptor(owning: next)
      if isMade && isShared { try share(folder, path) }
    }
    return folder
  }

  /// Gives a new folder to the group, where the umask of this process kept it.
  private func share(_ folder: borrowing Descriptor, _ path: String) throws {
    var status = stat()
    guard fstat(folder.number, &status) == 0 else { throw ApplianceError.system("examine", path) }
    guard status.st_mode & 0o070 != 0o070 else { return }
    guard fchmod(folder.number, mode_t(S_ISGID) | 0o770) == 0 else {
      throw ApplianceError.system("chmod", path)
    }
  }

  private func open(_ path: String, _ flags: Int32) throws -> Descriptor {
    guard !path.utf8.contains(0), path.utf8.count < Int(PATH_MAX) else {
      throw ApplianceError(.confinement, "the path is too long or has a zero byte")
    }
    let number = kafclaw_open_beneath(root.number, path, flags, 0)
    guard number >= 0 else { throw ConfinedPath.failure("open", path) }
    return Descriptor(owning: number)
  }

  private func requireRegular(
    _ file: borrowing Descriptor, _ path: String
  ) throws -> stat {
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw ApplianceError.system("examine", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.confinement, "\"\(path)\" is not a regular file")
    }
    return status
  }
}
