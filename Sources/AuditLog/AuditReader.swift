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

  /// Bytes read at a time from the end: more than the longest line.
  private static let endBlockSize = 4 * AuditFiles.lineLimit

  /// Reads a segment from its end, as far as it is asked to: what a long log costs no more than a
  /// short one.
  ///
  /// - Parameter body: Gets where each line begins, and the line without its end, the last one
  ///   first; returns whether to go on.
  /// - Returns: Bytes after the last whole line: a line that was torn.
  /// - Throws: `io.*`; `audit.broken` for a line beyond the limit.
  @discardableResult
  static func forEachLineFromEnd(
    _ path: String, _ body: (Int, UnsafeRawBufferPointer) throws -> Bool
  ) throws -> Int {
    let file = try open(path)
    let length = Int(lseek(file.number, 0, SEEK_END))
    guard length >= 0 else { throw ApplianceError.system("read", path) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: endBlockSize, alignment: 64)
    defer { buffer.deallocate() }
    // The buffer has the file's bytes from `low`; what ends at `end` is looked for next.
    var (low, end, torn): (Int, Int, Int?) = (length, length, nil)
    while true {
      let before = newline(buffer, before: end - low)
      if before == nil, low > 0 {
        guard end - low <= AuditFiles.lineLimit else { throw tooLong(path) }
        low = max(0, end - buffer.count)
        try fill(buffer, file.number, from: low, count: end - low, path)
        continue
      }
      let start = before.map { low + $0 + 1 } ?? 0
      guard end - start < AuditFiles.lineLimit else { throw tooLong(path) }
      if torn != nil {
        let line = UnsafeRawBufferPointer(rebasing: buffer[start - low..<end - low])
        guard try body(start, line) else { break }
      }
      torn = torn ?? (end - start)
      guard before != nil else { break }
      end = start - 1
    }
    return torn ?? 0
  }

  /// Where the last line end before a place in the buffer is.
  private static func newline(_ buffer: UnsafeMutableRawBufferPointer, before end: Int) -> Int? {
    var place = end
    while place > 0 {
      place -= 1
      if buffer[place] == 0x0A { return place }
    }
    return nil
  }

  private static func fill(
    _ buffer: UnsafeMutableRawBufferPointer, _ file: Int32, from start: Int, count: Int,
    _ path: String
  ) throws {
    var filled = 0
    while filled < count {
      let read = pread(
        file, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(start + filled))
      if read < 0 && errno == EINTR { continue }
      guard read >= 0 else { throw ApplianceError.system("read", path) }
      guard read > 0 else {
        throw ApplianceError(.auditBroken, "\"\(path)\" became shorter while it was read")
      }
      filled += read
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
