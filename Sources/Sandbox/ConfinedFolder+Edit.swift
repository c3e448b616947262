// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSandbox
import DurableIO
import Glibc
import Synchronization

extension ApplianceError.Code {
  /// A file changed between being read and being replaced.
  public static let fileChanged = Self("sandbox.file-changed")
}

/// One file beneath a folder, reached through the descriptor of the folder that holds it: what is
/// read and what is replaced lie in the same place, whatever is renamed meanwhile.
///
/// A file with a second name (hard link) is refused: no path tells whether the other name lies
/// outside.
public struct ConfinedFile: ~Copyable {
  /// What a file held when it was read.
  public struct Content: Sendable, Equatable {
    public let bytes: [UInt8]
    /// Permission bits, without set-uid, set-gid and sticky.
    public let mode: UInt32
  }

  private let parent: Descriptor
  private let name: String
  private let path: String

  /// - Parameter root: The folder that the file must not leave; not a link itself.
  /// - Throws: `io.missing` when the folder that would hold the file does not exist,
  ///   `sandbox.confinement` for a path that leaves `root` or leads through a link.
  public init(_ path: String, in root: String) throws {
    let parts = try Self.parts(of: path)
    let opened = kafclaw_open_root(root)
    guard opened >= 0 else { throw ApplianceError.system("open", root) }
    let folder = Descriptor(owning: opened)
    let above = parts.dropLast().joined(separator: "/")
    let number = kafclaw_open_beneath(
      folder.number, above.isEmpty ? "." : above, O_RDONLY | O_DIRECTORY, 0)
    guard number >= 0 else { throw ConfinedPath.failure("open", path) }
    parent = Descriptor(owning: number)
    (name, self.path) = (parts[parts.count - 1], path)
  }

  /// - Throws: `sandbox.confinement` unless it is a regular file of one name, `io.too-large`.
  public func read(limit: Int) throws -> Content { try read(name, limit: limit) }

  /// Permission bits of the regular file that is there; `nil` when nothing is.
  public func mode() throws -> UInt32? {
    var status = stat()
    guard fstatat(parent.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return nil }
      throw ApplianceError.system("examine", path)
    }
    return status.st_mode & S_IFMT == S_IFREG ? status.st_mode & 0o777 : nil
  }

  /// Replaces the file as a whole if it still holds `known`; durable on return.
  ///
  /// Both files change places in one step (renameat2(2), `RENAME_EXCHANGE`), then the one that
  /// was there is looked at: if it is not the known one, they change back.
  ///
  /// - Throws: `sandbox.file-changed`; the file is then as somebody else left it.
  public func replace(_ known: Content, with bytes: [UInt8]) throws {
    let temporary = Self.temporaryName
    try write(bytes, to: temporary, mode: known.mode)
    // Whichever of the two files has this name in the end is not wanted any more.
    var isTemporaryWanted = false
    defer { if !isTemporaryWanted { unlinkat(parent.number, temporary, 0) } }
    try exchange(temporary)
    guard holds(known, temporary) else {
      do { try exchange(temporary) } catch {
        isTemporaryWanted = true
        throw ApplianceError(
          .fileChanged,
          "\"\(path)\" changed while it was edited; what it held is in "
            + "\"\(temporary)\" beside it")
      }
      throw ApplianceError(.fileChanged, "\"\(path)\" changed while it was edited")
    }
    guard fsync(parent.number) == 0 else { throw ApplianceError.system("flush", path) }
  }

  private func read(_ name: String, limit: Int) throws -> Content {
    let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
    let number = kafclaw_open_beneath(parent.number, name, flags, 0)
    guard number >= 0 else { throw ConfinedPath.failure("open", path) }
    let file = Descriptor(owning: number)
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw ApplianceError.system("examine", path) }
    try ConfinedPath.requireReadable(status, path)
    return Content(
      bytes: try file.readAll(limit: limit, path: path), mode: status.st_mode & 0o777)
  }

  private func holds(_ known: Content, _ name: String) -> Bool {
    // `try?`: what cannot be read is not what was read before.
    (try? read(name, limit: known.bytes.count)) == known
  }

  private func write(_ bytes: [UInt8], to temporary: String, mode: UInt32) throws {
    unlinkat(parent.number, temporary, 0)
    let number = kafclaw_open_beneath(
      parent.number, temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    guard number >= 0 else { throw ConfinedPath.failure("create", path) }
    let file = Descriptor(owning: number)
    do {
      try file.write(bytes, to: path)
      guard fchmod(file.number, mode) == 0 else { throw ApplianceError.system("chmod", path) }
      try file.synchronize(path)
    } catch {
      unlinkat(parent.number, temporary, 0)
      throw error
    }
  }

  private func exchange(_ temporary: String) throws {
    guard let rename = Self.renameat2 else {
      throw ApplianceError(.fileFailed, "cannot replace \"\(path)\": no renameat2 in the C library")
    }
    let exchanging: UInt32 = 1 << 1  // RENAME_EXCHANGE
    guard rename(parent.number, temporary, parent.number, name, exchanging) == 0 else {
      throw ConfinedPath.failure("replace", path)
    }
  }

  private typealias Rename =
    @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32

  /// glibc has it since 2.28, but its declaration does not show in Swift.
  private static let renameat2 = dlsym(nil, "renameat2").map {
    unsafeBitCast($0, to: Rename.self)
  }

  private static let serial = Atomic<UInt64>(0)

  /// The second number tells it apart from the names of ``ConfinedFolder`` and ``DurableFile``.
  private static var temporaryName: String {
    ".kafclaw-\(getpid())-0-\(serial.wrappingAdd(1, ordering: .relaxed).newValue).tmp"
  }

  private static func parts(of path: String) throws -> [String] {
    let parts = try ConfinedPath.parts(of: path)
    guard let name = parts.last, name != ".", path.utf8.last != UInt8(ascii: "/") else {
      throw ApplianceError(.confinement, "\"\(path)\" names no file")
    }
    return parts
  }
}

/// What paths and files have to be like to stay in a folder.
enum ConfinedPath {
  /// The names between slashes. By bytes: a slash with a combining accent is one Swift character,
  /// and still a slash.
  static func parts(of path: String) throws -> [String] {
    let slash = UInt8(ascii: "/")
    let parts = path.utf8.split(separator: slash).map { String(decoding: $0, as: UTF8.self) }
    let leaves = parts.contains { $0.utf8.elementsEqual("..".utf8) }
    guard path.utf8.first != slash, !path.utf8.contains(0), !leaves else {
      throw ApplianceError(.confinement, "\"\(path)\" leaves the folder")
    }
    guard path.utf8.count < Int(PATH_MAX) else {
      throw ApplianceError(.confinement, "the path is over \(PATH_MAX) bytes")
    }
    return parts
  }

  static func requireReadable(_ status: stat, _ path: String) throws {
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.confinement, "\"\(path)\" is not a regular file")
    }
    guard status.st_nlink == 1 else {
      throw ApplianceError(
        .confinement, "\"\(path)\" has \(status.st_nlink) names; one may lie outside",
        hint: "copy it")
    }
  }

  /// EXDEV and ELOOP are the kernel's words for "leads out of the folder" and "is a link".
  static func failure(_ operation: String, _ path: String) -> ApplianceError {
    switch errno {
    case EXDEV: ApplianceError(.confinement, "\"\(path)\" leaves the folder")
    case ENOTDIR: ApplianceError(.confinement, "\"\(path)\" leads through a file")
    case ELOOP: ApplianceError(.confinement, "\"\(path)\" leads through a symbolic link")
    default: .system(operation, path)
    }
  }
}

/// What lies at a path that somebody else is going to use.
public enum ConfinedProbe: Sendable, Equatable {
  case absent
  /// The path leads out of the folder.
  case outside
  /// The path leads through a symbolic link, whatever is behind it.
  case link
  /// A folder, a device, a pipe, or a file that cannot be opened.
  case other
  case file([UInt8])

  /// - Parameters:
  ///   - path: May have `..` in it, as long as it stays beneath `root`.
  ///   - limit: Of a file. Bytes.
  /// - Throws: `io.too-large`, `io.failed`; `io.missing` when `root` itself is not there.
  public init(_ path: String, in root: String, limit: Int) throws {
    let opened = kafclaw_open_root(root)
    guard opened >= 0 else { throw ApplianceError.system("open", root) }
    let folder = Descriptor(owning: opened)
    guard !path.utf8.contains(0), !path.isEmpty else {
      self = .absent
      return
    }
    let number = kafclaw_open_beneath(
      folder.number, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
    guard number >= 0 else {
      self = Self.reason(errno)
      return
    }
    let file = Descriptor(owning: number)
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw ApplianceError.system("examine", path) }
    self =
      status.st_mode & S_IFMT == S_IFREG
      ? .file(try file.readAll(limit: limit, path: path)) : .other
  }

  private static func reason(_ number: Int32) -> ConfinedProbe {
    switch number {
    case ENOENT, ENOTDIR, ENAMETOOLONG, EINVAL: .absent
    case EXDEV: .outside
    case ELOOP: .link
    default: .other
    }
  }
}
