// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// The part of the host's system that every sandbox shows, read-only: programs and libraries, and
/// the few files of `/etc` they need.
struct SystemView: Equatable {
  struct Link: Equatable {
    let path: String
    let target: String
  }

  /// Folders and files shown at the same place.
  var shown: [String] = []
  /// Links at the top, such as `/bin`.
  var links: [Link] = []

  /// The files of `/etc`. Keys of this host (`/etc/ssl/private`), accounts and configuration of
  /// services are not among them.
  private static let files = [
    "/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted",
  ]

  private static let networkFiles = [
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services", "/etc/gai.conf",
  ]

  private static let topFolders = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]

  /// A user and a group, so that programs find a name for themselves.
  static let accounts = """
    sandbox:x:1000:1000:sandbox:/tmp:/bin/sh
    nobody:x:65534:65534::/:/bin/false

    """
  static let groups = "sandbox:x:1000:\nnogroup:x:65534:\n"

  /// Reads the layout of this host.
  static func current(hasNetwork: Bool) -> SystemView {
    var view = SystemView(shown: ["/usr"])
    for path in topFolders {
      if let target = link(path) {
        view.links.append(Link(path: path, target: target))
      } else if access(path, F_OK) == 0 {
        view.shown.append(path)
      }
    }
    let files = hasNetwork ? Self.files + networkFiles : Self.files
    view.shown += files.filter { access($0, R_OK) == 0 }
    return view
  }

  private static func link(_ path: String) -> String? {
    var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let size = target.withUnsafeMutableBytes { bytes in
      bytes.bindMemory(to: CChar.self).baseAddress.map { readlink(path, $0, bytes.count) } ?? -1
    }
    return size > 0 ? String(decoding: target[..<size], as: UTF8.self) : nil
  }
}
