// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import Glibc

extension ApplianceError.Code {
  /// A system call on a file failed; the message has the path and the system's words.
  public static let fileFailed = Self("io.failed")
  /// The path does not exist.
  public static let fileMissing = Self("io.missing")
  /// The path is not what it must be: a link, a folder, another owner, an open mode.
  public static let fileUnsafe = Self("io.unsafe")
  /// The file is larger than its reader allows.
  public static let fileTooLarge = Self("io.too-large")
  /// Another process holds the lock.
  public static let lockHeld = Self("io.lock-held")
}

extension ApplianceError {
  /// The error of the system call that just failed, read from `errno`.
  public static func system(_ operation: String, _ path: String) -> ApplianceError {
    let number = errno
    let words = String(cString: strerror(number))
    return ApplianceError(code(of: number), "cannot \(operation) \"\(path)\": \(words)")
  }

  private static func code(of number: Int32) -> Code {
    switch number {
    case ENOENT, ENOTDIR: .fileMissing
    case ELOOP: .fileUnsafe
    default: .fileFailed
    }
  }
}

/// A file descriptor with one owner, closed when the owner lets go.
public struct Descriptor: ~Copyable {
  public let number: Int32

  public init(owning number: Int32) {
    self.number = number
  }

  /// Opens `path`; the descriptor is never inherited by child processes.
  public init(opening path: String, _ flags: Int32, mode: mode_t = 0o600) throws {
    let opened = Glibc.open(path, flags | O_CLOEXEC, mode)
    guard opened >= 0 else { throw ApplianceError.system("open", path) }
    number = opened
  }

  deinit { close(number) }

  public func write(_ bytes: [UInt8], to path: String) throws {
    try bytes.withUnsafeBytes { try write($0, to: path) }
  }

  public func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    var offset = 0
    while offset < bytes.count {
      let written = Glibc.write(
        number, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
      if written < 0 && errno == EINTR { continue }
      guard written >= 0 else { throw ApplianceError.system("write", path) }
      offset += written
    }
  }

  public func synchronize(_ path: String) throws {
    guard fsync(number) == 0 else { throw ApplianceError.system("flush", path) }
  }

  /// Reads to the end, at most `limit` bytes.
  public func readAll(limit: Int, path: String) throws -> [UInt8] {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = chunk.withUnsafeMutableBytes { Glibc.read(number, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw ApplianceError.system("read", path) }
      if count == 0 { return content }
      content.append(contentsOf: chunk[..<count])
      guard content.count <= limit else {
        throw ApplianceError(.fileTooLarge, "\"\(path)\" is over \(limit) bytes")
      }
    }
  }
}
