// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// A path of a unix socket that fits into a socket address (108 bytes, unix(7)): a longer
/// one goes through a descriptor of its folder.
public struct SocketAddressPath: ~Copyable {
  public let path: String
  private let folder: Int32

  public init(_ full: String) throws {
    guard full.utf8.count > 100, let slash = full.lastIndex(of: "/") else {
      (path, folder) = (full, -1)
      return
    }
    let parent = slash == full.startIndex ? "/" : String(full[..<slash])
    let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ApplianceError.system("open", parent) }
    folder = descriptor
    path = "/proc/self/fd/\(descriptor)" + full[slash...]
  }

  deinit {
    if folder >= 0 { close(folder) }
  }
}
