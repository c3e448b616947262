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
    let parts = try ConfinedPath.fileParts(of: path)
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
    guard kafclaw_exchange(parent.number, temporary, name) == 0 else {
      throw ConfinedPath.failure("replace", path)
    }
  }

  private static let serial = Atomic<UInt64>(0)

  /// The second number tells it apart from the names of ``ConfinedFolder`` and ``DurableFile``.
  private static var temporaryName: String {
    ".kafclaw-\(getpid())-0-\(serial.wrappingAdd(1, ordering: .relaxed).newValue).tmp"
  }
}
