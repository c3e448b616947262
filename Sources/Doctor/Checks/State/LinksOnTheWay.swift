// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// The symbolic links on the way to a path, in the order in which the kernel follows them.
enum LinksOnTheWay {
  /// As many as the kernel follows (path_resolution(7)).
  private static let limit = 40

  /// Each link as a path without links before it. The way ends where nothing is.
  static func links(to path: String) throws -> [String] {
    var links: [String] = []
    var (done, rest) = ("", Array(path.split(separator: "/").reversed()))
    while let name = rest.popLast() {
      if name == "." { continue }
      if name == ".." {
        done = String(done[..<(done.lastIndex(of: "/") ?? done.startIndex)])
        continue
      }
      let next = "\(done)/\(name)"
      guard let target = try target(of: next) else { return links }
      guard case .link(let place) = target else {
        done = next
        continue
      }
      links.append(next)
      guard links.count <= limit else {
        throw ApplianceError(.fileUnsafe, "\"\(path)\" goes through over \(limit) links")
      }
      if place.hasPrefix("/") { done = "" }
      rest += place.split(separator: "/").reversed()
    }
    return links
  }

  private enum Target {
    case none
    case link(String)
  }

  /// - Returns: `nil` where nothing is.
  private static func target(of path: String) throws -> Target? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw ApplianceError.system("examine", path) }
      return nil
    }
    guard status.st_mode & S_IFMT == S_IFLNK else { return Target.none }
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink(path, &buffer, buffer.count)
    guard count >= 0 else { throw ApplianceError.system("read link", path) }
    let bytes = buffer.prefix(count).map { UInt8(bitPattern: $0) }
    return .link(String(decoding: bytes, as: UTF8.self))
  }

  /// Refuses a path when somebody else could exchange a link on the way to it.
  static func requireTrusted(to path: String) throws {
    for link in try links(to: path) {
      var status = stat()
      guard lstat(link, &status) == 0 else { throw ApplianceError.system("examine", link) }
      guard status.st_uid == geteuid() || status.st_uid == 0 else {
        throw ApplianceError(
          .fileUnsafe,
          "the link \"\(link)\" belongs to user \(status.st_uid), who could exchange it",
          hint: "rm \(link), and make it anew as its owner")
      }
      try PrivateFolder.requireTrustedAncestors(of: link)
    }
  }
}
