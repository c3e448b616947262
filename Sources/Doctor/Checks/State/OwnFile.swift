// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// A file or folder of the appliance, as it is; a link is one itself.
struct OwnFile: Sendable {
  /// The folder that was looked through.
  let root: String
  /// The names on the way from there, as the kernel knows them: they need not be text.
  let names: [[CChar]]
  let mode: mode_t
  let owner: uid_t

  /// As people may see it.
  var path: String { Self.path(root, names) }

  static func path(_ root: String, _ names: [[CChar]]) -> String {
    let parts = names.map { name in
      String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return VisibleText.escape(([root] + parts).joined(separator: "/"))
  }

  var name: String { String(path.split(separator: "/").last ?? "") }

  var isFile: Bool { mode & S_IFMT == S_IFREG }

  var isFolder: Bool { mode & S_IFMT == S_IFDIR }

  var isLink: Bool { mode & S_IFMT == S_IFLNK }

  var permissions: mode_t { mode & 0o7777 }

  /// Sets permissions of exactly this file or folder; whatever took its place meanwhile is left
  /// alone.
  ///
  /// - Throws: `io.unsafe` for another type of file than was seen.
  func setPermissions(_ wanted: mode_t) throws {
    let file = try open()
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw ApplianceError.system("examine", path) }
    guard status.st_mode & S_IFMT == mode & S_IFMT, isFile || isFolder else {
      throw ApplianceError(.fileUnsafe, "\"\(path)\" is neither the file nor the folder it was")
    }
    // A descriptor that may neither read nor write: no mode keeps itself from being corrected.
    guard chmod("/proc/self/fd/\(file.number)", wanted) == 0 else {
      throw ApplianceError.system("chmod", path)
    }
  }

  private func open() throws -> Descriptor {
    guard let last = names.last else { return try Descriptor(opening: root, Self.place) }
    let parent = try Self.openFolder(root, names.dropLast(), Self.place)
    return try Self.open(last, in: parent, Self.place | O_NOFOLLOW, path)
  }

  /// O_PATH of open(2), which the C library's header keeps to itself.
  private static let place: Int32 = 0o10_000_000

  /// Opens a folder by one name after the other; no link on the way is followed.
  static func openFolder(
    _ root: String, _ names: some Collection<[CChar]>, _ flags: Int32
  ) throws -> Descriptor {
    var folder = try Descriptor(opening: root, flags | O_DIRECTORY)
    for name in names {
      folder = try open(name, in: folder, flags | O_DIRECTORY | O_NOFOLLOW, root)
    }
    return folder
  }

  private static func open(
    _ name: [CChar], in folder: borrowing Descriptor, _ flags: Int32, _ path: String
  ) throws -> Descriptor {
    let number = openat(folder.number, name, flags | O_CLOEXEC)
    guard number >= 0 else { throw ApplianceError.system("open", path) }
    return Descriptor(owning: number)
  }
}
