// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import Glibc
import Synchronization

/// Files that survive a power cut: whole replacement, flushed before anyone is told.
public enum DurableFile {
  /// The permission of every file of the appliance.
  public static let privateMode: mode_t = 0o600

  /// Tells apart the temporary files of writers in one process.
  private static let serial = Atomic<UInt64>(0)

  /// Replaces `path` as a whole: readers see the old content or the new, never a mixture.
  ///
  /// Writes a temporary file beside it, flushes it, renames it, flushes the folder; returns after
  /// that. On failure the old content stays and the temporary file is removed.
  ///
  /// - Parameter group: Whose the file is; `nil` for the writer's own.
  public static func replace(
    _ path: String, with bytes: [UInt8], mode: mode_t = privateMode, group: gid_t? = nil
  ) throws {
    try bytes.withUnsafeBytes { try replace(path, with: $0, mode: mode, group: group) }
  }

  /// As ``replace(_:with:mode:)``, and the old content is overwritten where it lay. On file systems
  /// that write elsewhere, and on flash, it may still be found by whoever reads the bare device.
  public static func replaceSecret(_ path: String, with value: SecretValue) throws {
    let old: Int32 = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
    defer { if old >= 0 { close(old) } }
    try value.withBytes { try replace(path, with: $0, mode: privateMode, group: nil) }
    var status = stat()
    guard old >= 0, fstat(old, &status) == 0, status.st_nlink == 0 else { return }
    let zeros = [UInt8](repeating: 0, count: Int(clamping: min(status.st_size, 1 << 20)))
    // The new content is in its place whatever becomes of this.
    pwrite(old, zeros, zeros.count, 0)
    fsync(old)
  }

  private static func replace(
    _ path: String, with bytes: UnsafeRawBufferPointer, mode: mode_t, group: gid_t?
  ) throws {
    let number = serial.wrappingAdd(1, ordering: .relaxed).newValue
    let temporary = parentFolder(of: path) + "/.kafclaw-\(getpid())-\(number).tmp"
    unlink(temporary)
    do {
      let file = try Descriptor(
        opening: temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
      // Before it has its name: whoever owns the folder could put a link there.
      if let group, fchown(file.number, uid_t.max, group) != 0 {
        throw ApplianceError.system("give to group \(group)", path)
      }
      guard fchmod(file.number, mode) == 0 else { throw ApplianceError.system("chmod", temporary) }
      try file.write(bytes, to: temporary)
      try file.synchronize(temporary)
      guard rename(temporary, path) == 0 else { throw ApplianceError.system("replace", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    try synchronizeFolder(of: path)
  }

  /// Appends one record and flushes it; returns when it is durable.
  public static func append(_ bytes: [UInt8], to path: String) throws {
    let file = try Descriptor(
      opening: path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, mode: privateMode)
    let before = lseek(file.number, 0, SEEK_END)
    do {
      try file.write(bytes, to: path)
      try file.synchronize(path)
    } catch {
      ftruncate(file.number, before)
      throw error
    }
    if before == 0 { try synchronizeFolder(of: path) }
  }

  /// Appends one line and flushes it. A last line that a crash tore, and that nobody was told of, is
  /// cut off first.
  public static func appendLine(_ line: [UInt8], to path: String) throws {
    try cutTornLine(path)
    try append(line + [UInt8(ascii: "\n")], to: path)
  }

  private static func cutTornLine(_ path: String) throws {
    do {
      let file = try Descriptor(opening: path, O_RDWR | O_NOFOLLOW)
      let end = lseek(file.number, 0, SEEK_END)
      let whole = try endOfLastLine(file, end, path)
      guard whole < end else { return }
      guard ftruncate(file.number, whole) == 0 else { throw ApplianceError.system("cut", path) }
    } catch let error as ApplianceError where error.code == .fileMissing {
      return
    }
  }

  /// Where the last whole line ends; looks back from the end, a block at a time.
  private static func endOfLastLine(
    _ file: borrowing Descriptor, _ end: off_t, _ path: String
  ) throws -> off_t {
    var block = [UInt8](repeating: 0, count: 4_096)
    var upper = end
    while upper > 0 {
      let lower = max(0, upper - off_t(block.count))
      let wanted = Int(upper - lower)
      guard pread(file.number, &block, wanted, lower) == wanted else {
        throw ApplianceError.system("read", path)
      }
      if let newline = block[..<wanted].lastIndex(of: UInt8(ascii: "\n")) {
        return lower + off_t(newline) + 1
      }
      upper = lower
    }
    return 0
  }

  /// The content of a regular file. Never follows a link in the last component.
  public static func read(_ path: String, limit: Int) throws -> [UInt8] {
    let file = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw ApplianceError.system("examine", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.fileUnsafe, "\"\(path)\" is not a regular file")
    }
    return try file.readAll(limit: limit, path: path)
  }

  /// As ``read(_:limit:)``, with `nil` where nothing is there. Any other failure is thrown: a
  /// failed read is never absence.
  public static func readIfPresent(_ path: String, limit: Int) throws -> [UInt8]? {
    do {
      return try read(path, limit: limit)
    } catch let error as ApplianceError where error.code == .fileMissing {
      return nil
    }
  }

  public static func removeIfPresent(_ path: String) throws {
    guard unlink(path) != 0 else { return try synchronizeFolder(of: path) }
    guard errno == ENOENT else { throw ApplianceError.system("remove", path) }
  }

  public static func synchronizeFolder(of path: String) throws {
    let parent = parentFolder(of: path)
    let folder = try Descriptor(opening: parent, O_RDONLY | O_DIRECTORY)
    try folder.synchronize(parent)
  }

  public static func parentFolder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
