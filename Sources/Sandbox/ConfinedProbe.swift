// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSandbox
import DurableIO
import Glibc

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
