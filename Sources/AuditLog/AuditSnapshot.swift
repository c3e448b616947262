// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO
import Glibc

/// What a log consists of at one moment between two batches: it is then verified without keeping
/// anybody from writing on.
struct AuditSnapshot {
  struct Part {
    let segment: AuditFiles.Segment
    /// Bytes that it had.
    let length: Int
  }

  let parts: [Part]
  let anchor: AuditFiles.Anchor?
  let keys: SealingKeys?

  /// - Parameter withKeys: Elsewhere than on its host a log has no key for its next seal.
  init(_ files: AuditFiles, withKeys: Bool) throws {
    let lock = Self.lock(files.lock)
    defer { if lock >= 0 { close(lock) } }
    parts = try files.segments().map {
      Part(segment: $0, length: try AuditReader.status(files.path($0)).length)
    }
    anchor = try files.readAnchor()
    keys = withKeys ? try files.readKeys() : nil
  }

  /// Waits a while for a writer's batch to end. A copy without a lock, or a writer that stands
  /// still, does not keep the log from being verified.
  private static func lock(_ path: String) -> Int32 {
    let file: Int32 = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return file }
    for _ in 0..<100 where flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK {
      poll(nil, 0, 50)
    }
    return file
  }
}
