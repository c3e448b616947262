// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// Temporary files that a crash left beside what they were to replace.
public enum Leftovers {
  /// Folders below each other that are looked into.
  private static let depthLimit = 16

  /// Whether a name is one of ``DurableFile``'s: `.kafclaw-PID-SERIAL.tmp`.
  public static func isTemporary(_ name: String) -> Bool {
    guard name.hasPrefix(".kafclaw-"), name.hasSuffix(".tmp") else { return false }
    let digits = name.utf8.dropFirst(".kafclaw-".utf8.count).dropLast(".tmp".utf8.count)
    return !digits.isEmpty
      && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == 0x2D }
  }

  /// Whether nobody will use a file of this name any more: a temporary one, not of another process
  /// that is still running.
  public static func isAbandoned(_ name: String) -> Bool { isTemporary(name) && !isInUse(name) }

  /// Whether another process that is still running made it: it may be about to use it.
  private static func isInUse(_ name: String) -> Bool {
    let digits = name.dropFirst(".kafclaw-".count).prefix { $0 != "-" }
    guard let pid = pid_t(digits), pid > 0, pid != getpid() else { return false }
    return kill(pid, 0) == 0 || errno == EPERM
  }

  /// Removes those of processes that have ended, and of this one, which must not be writing there.
  /// Links are not followed.
  ///
  /// - Parameter recursive: Also from the folders below.
  public static func sweep(_ folder: String, recursive: Bool = false) throws {
    try sweep(folder, depth: recursive ? depthLimit : 0)
  }

  private static func sweep(_ folder: String, depth: Int) throws {
    for name in try PrivateFolder.names(in: folder) {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFREG, isAbandoned(name) {
        guard unlink(path) == 0 || errno == ENOENT else {
          throw ApplianceError.system("remove", path)
        }
      } else if status.st_mode & S_IFMT == S_IFDIR, depth > 0 {
        try sweep(path, depth: depth - 1)
      }
    }
  }
}
