// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// A private folder that is gone afterwards. One whose process was killed is removed by the next of its purpose.
struct WorkerFolder {
  private static let place = "/tmp"

  let path: String

  init(_ purpose: String) throws {
    let mark = "kafclaw-\(purpose)-"
    Self.sweep(mark)
    var template = Array("\(Self.place)/\(mark)\(getpid())-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ApplianceError.system("create", Self.place) }
    path = template.withUnsafeBufferPointer { buffer in
      String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// Those of others, and of processes that live, stay.
  private static func sweep(_ mark: String) {
    for name in names(in: place) where name.hasPrefix(mark) {
      guard let pid = pid_t(name.dropFirst(mark.count).prefix { $0 != "-" }), pid > 0,
        kill(pid, 0) != 0, errno == ESRCH, isOwn(place + "/" + name)
      else { continue }
      remove(place + "/" + name)
    }
  }

  /// Only its owner may change a folder's mode (chmod(2)). Nobody else puts another thing in its place then: the
  /// place is sticky.
  private static func isOwn(_ path: String) -> Bool {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard folder >= 0 else { return false }
    defer { close(folder) }
    return fchmod(folder, 0o700) == 0
  }

  /// With what is in it, never through a link.
  func remove() { Self.remove(path) }

  private static func remove(_ path: String) {
    for name in names(in: path) {
      let inside = path + "/" + name
      if unlink(inside) != 0 { remove(inside) }
    }
    rmdir(path)
  }

  private static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names.filter { $0 != "." && $0 != ".." }
  }
}
