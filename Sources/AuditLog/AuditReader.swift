// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// Hands out the lines of a segment, in memory that is used again: a log may have millions.
struct AuditReader {
  /// Bytes read at a time.
  private static let blockSize = 1 << 20

  /// Reads a segment from its beginning.
  ///
  /// - Parameter body: Gets each line without its end; returns whether to go on.
  /// - Parameter end: Bytes that came after so many are not looked at.
  /// - Returns: Bytes after the last whole line: a line that was torn.
  /// - Throws: `io.*`; `audit.broken` for a line beyond the limit.
  @discardableResult
  static func forEachLine(
    _ path: String, from start: Int = 0, upTo end: Int = .max,
    _ body: (UnsafeRawBufferPointer) throws -> Bool
  ) throws -> Int {
    let file = try open(path)
    var rest = max(0, end - start)
    guard lseek(file.number, off_t(start), SEEK_SET) >= 0 else {
      throw ApplianceError.system("read", path)
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: blockSize + AuditFiles.lineLimit, alignment: 64)
    defer { buffer.deallocate() }
    var filled = 0
    while true {
      let count = read(
        file.number, buffer.baseAddress.map { $0 + filled }, min(rest, buffer.count - filled))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw ApplianceError.system("read", path) }
      if count == 0 { return filled }
      (filled, rest) = (filled + count, rest - count)
      var begin = 0
      while let end = newline(buffer, begin, filled) {
        guard end - begin < AuditFiles.lineLimit else { throw tooLong(path) }
        let line = UnsafeRawBufferPointer(rebasing: buffer[begin..<end])
        guard try body(line) else { return 0 }
        begin = end + 1
      }
      guard filled - begin <= AuditFiles.lineLimit else { throw tooLong(path) }
      if begin > 0, filled > begin, let base = buffer.baseAddress {
        memmove(base, base + begin, filled - begin)
      }
      filled -= begin
    }
  }

  private static func tooLong(_ path: String) -> ApplianceError {
    ApplianceError(.auditBroken, "\"\(path)\" has a line of over \(AuditFiles.lineLimit) bytes")
  }

  /// Which file stands there, and its length.
  static func status(_ path: String) throws -> (file: ino_t, length: Int) {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw ApplianceError.system("examine", path) }
    return (status.st_ino, Int(status.st_size))
  }

  /// Opens a regular file; a pipe would keep its reader waiting.
  private static func open(_ path: String) throws -> Descriptor {
    let file = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.auditBroken, "\"\(path)\" is not a regular file")
    }
    return file
  }

  private static func newline(
    _ buffer: UnsafeMutableRawBufferPointer, _ begin: Int, _ end: Int
  ) -> Int? {
    guard begin < end, let base = buffer.baseAddress,
      let found = memchr(base + begin, 0x0A, end - begin)
    else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }
}
