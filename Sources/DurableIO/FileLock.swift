// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// An exclusive lock that dies with its process (`flock(2)` on an open descriptor).
///
/// The file's text names the holder for people; the lock itself is the kernel's.
public struct FileLock: ~Copyable {
  private let descriptor: Descriptor

  /// - Parameter patience: How long to wait for a holder to let go. Seconds.
  /// - Throws: `io.lock-held` when another process has it; the message names that process.
  public init(acquiring path: String, purpose: String, patience: Int = 1) throws {
    let file = try Descriptor(opening: path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
    guard Self.acquire(file.number, patience) else {
      guard errno == EWOULDBLOCK else { throw ApplianceError.system("lock", path) }
      throw ApplianceError(
        .lockHeld, "\"\(path)\" is locked by \(Self.holder(of: path))",
        hint: "wait until it ends; kafclaw status shows a running appliance")
    }
    let text = Array("pid \(getpid()) (\(purpose))\n".utf8)
    guard ftruncate(file.number, 0) == 0 else { throw ApplianceError.system("truncate", path) }
    try file.write(text, to: path)
    descriptor = file
  }

  /// Asks again for a while: ``isHeld(_:)`` of another process holds it for a moment.
  private static func acquire(_ descriptor: Int32, _ patience: Int) -> Bool {
    for _ in 0..<patience * 20 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      guard errno == EWOULDBLOCK else { return false }
      poll(nil, 0, 50)
    }
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }

  /// Whether some process holds the lock now. Opens nothing for writing.
  public static func isHeld(_ path: String) throws -> Bool {
    do {
      // Whatever else lies in its place must not be waited for.
      let file = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      if flock(file.number, LOCK_SH | LOCK_NB) == 0 { return false }
      guard errno == EWOULDBLOCK else { throw ApplianceError.system("lock", path) }
      return true
    } catch let error as ApplianceError where error.code == .fileMissing {
      return false
    }
  }

  private static func holder(of path: String) -> String {
    // `try?`: the text only helps people; without it the lock is still held by somebody.
    guard let bytes = try? DurableFile.read(path, limit: 4096), !bytes.isEmpty else {
      return "another process"
    }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.split(separator: "\n").first.map(String.init) ?? "another process"
  }
}
