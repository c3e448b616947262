// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// A program that only the system's administrator can have put where it is.
struct ExecBinary {
  /// Bytes.
  static let limit = 512 << 20

  /// Without links.
  let path: String
  let bytes: [UInt8]

  /// - Parameter folders: What agents write to; nothing in them is run.
  /// - Throws: `exec.refused`.
  init(_ declared: String, outside folders: [String]) throws {
    path = try Self.resolved(declared)
    if let problem = ExecProfile.refusal(ofBinary: path) { throw ExecResolver.refusal(problem) }
    for folder in folders {
      let root = try Self.resolved(folder)
      guard !path.utf8.starts(with: (root + "/").utf8) else {
        throw ExecResolver.refusal("\"\(path)\" lies in a folder that agents write to")
      }
    }
    try Self.requireFolders(above: path)
    let file = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw ApplianceError.system("examine", path) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o111 != 0 else {
      throw ExecResolver.refusal("\"\(path)\" is not a program")
    }
    guard status.st_mode & 0o6000 == 0 else {
      throw ExecResolver.refusal("\"\(path)\" is set-uid or set-gid")
    }
    try Self.requireAdministrator(status, path)
    bytes = try file.readAll(limit: Self.limit, path: path)
  }

  /// Whoever may write to a folder above may put another program there.
  private static func requireFolders(above path: String) throws {
    var folder = path
    while let slash = folder.lastIndex(of: "/"), folder != "/" {
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
      var status = stat()
      guard lstat(folder, &status) == 0 else { throw ApplianceError.system("examine", folder) }
      try requireAdministrator(status, folder)
    }
  }

  private static func requireAdministrator(_ status: stat, _ path: String) throws {
    guard status.st_uid == 0, status.st_mode & 0o022 == 0 else {
      throw ExecResolver.refusal("\"\(path)\" can be changed by others than root")
    }
  }

  private static func resolved(_ path: String) throws -> String {
    guard let real = realpath(path, nil) else { throw ApplianceError.system("find", path) }
    defer { free(real) }
    return String(cString: real)
  }
}
