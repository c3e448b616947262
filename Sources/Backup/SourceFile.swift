// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// A regular file that is being backed up.
final class SourceFile {
  /// Bytes that are read at a time.
  private static let window = 1 << 20

  private let path: String
  private let descriptor: Descriptor
  private let status: stat
  /// Bytes that are wanted of it at most.
  private let length: Int

  /// Permissions, octal.
  var mode: String { PrivateFolder.octal(status.st_mode & 0o7777) }

  /// - Parameter length: Of a file that grows: so much of it is wanted.
  init(_ path: String, length: Int? = nil) throws {
    (self.path, self.length) = (path, length ?? .max)
    descriptor = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    var status = stat()
    let isRead = fstat(descriptor.number, &status) == 0
    self.status = status
    guard isRead, status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.backupFailed, "not a regular file")
    }
  }

  /// Reads it to its end, in chunks.
  ///
  /// - Parameters:
  ///   - cut: The length of the first chunk of bytes, of which there are at least as many as a chunk
  ///     can have, or all that there are.
  ///   - body: Called with each chunk.
  /// - Returns: Bytes that were read.
  func forEachChunk(
    cut: (UnsafeRawBufferPointer) -> Int, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> Int {
    var size = 0
    var buffer = [UInt8](repeating: 0, count: Self.window)
    var held = 0
    var wanted = length
    var isAtEnd = false
    while !isAtEnd || held > 0 {
      if !isAtEnd { isAtEnd = try fill(&buffer, &held, &wanted) }
      var start = 0
      try buffer.withUnsafeBytes { bytes in
        // A chunk may end later than what is there as long as more can come.
        while held - start >= (isAtEnd ? 1 : RepositoryFormat.chunkLength) {
          let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<held])
          let length = cut(rest)
          try body(UnsafeRawBufferPointer(rebasing: rest[..<length]))
          start += length
        }
      }
      size += start
      buffer.withUnsafeMutableBytes { bytes in
        guard start > 0, let base = bytes.baseAddress else { return }
        memmove(base, base + start, held - start)
      }
      held -= start
    }
    return size
  }

  /// - Returns: Whether the end of the file was met.
  private func fill(
    _ buffer: inout [UInt8], _ held: inout Int, _ wanted: inout Int
  ) throws -> Bool {
    while held < buffer.count {
      let (space, start) = (min(buffer.count - held, wanted), held)
      if space == 0 { return true }
      let number = descriptor.number
      let count = buffer.withUnsafeMutableBytes {
        Glibc.read(number, $0.baseAddress.map { $0 + start }, space)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw ApplianceError.system("read", path) }
      if count == 0 { return true }
      held += count
      wanted -= count
    }
    return false
  }

  /// Whether somebody wrote to it while `size` bytes were read. What is added to a file that grows
  /// does not change what was wanted of it.
  func changed(since size: Int) -> Bool {
    guard length == .max else { return size != length }
    var now = stat()
    return fstat(descriptor.number, &now) != 0 || now.st_size != status.st_size
      || size != Int(status.st_size) || now.st_mtim.tv_sec != status.st_mtim.tv_sec
      || now.st_mtim.tv_nsec != status.st_mtim.tv_nsec
  }
}
