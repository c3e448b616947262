// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// What paths and files have to be like to stay in a folder.
enum ConfinedPath {
  /// The names between slashes. By bytes: a slash with a combining accent is one Swift character,
  /// and still a slash.
  static func parts(of path: String) throws -> [String] {
    let slash = UInt8(ascii: "/")
    let parts = path.utf8.split(separator: slash).map { String(decoding: $0, as: UTF8.self) }
    let leaves = parts.contains { $0.utf8.elementsEqual("..".utf8) }
    guard path.utf8.first != slash, !path.utf8.contains(0), !leaves else {
      throw ApplianceError(.confinement, "\"\(path)\" leaves the folder")
    }
    guard path.utf8.count < Int(PATH_MAX) else {
      throw ApplianceError(.confinement, "the path is over \(PATH_MAX) bytes")
    }
    return parts
  }

  /// The same of a path that names a file.
  static func fileParts(of path: String) throws -> [String] {
    let parts = try parts(of: path)
    guard let name = parts.last, name != ".", path.utf8.last != UInt8(ascii: "/") else {
      throw ApplianceError(.confinement, "\"\(path)\" names no file")
    }
    return parts
  }

  static func requireReadable(_ status: stat, _ path: String) throws {
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.confinement, "\"\(path)\" is not a regular file")
    }
    guard status.st_nlink == 1 else {
      throw ApplianceError(
        .confinement, "\"\(path)\" has \(status.st_nlink) names; one may lie outside",
        hint: "copy it")
    }
  }

  /// EXDEV and ELOOP are the kernel's words for "leads out of the folder" and "is a link".
  static func failure(_ operation: String, _ path: String) -> ApplianceError {
    switch errno {
    case EXDEV: ApplianceError(.confinement, "\"\(path)\" leaves the folder")
    case ENOTDIR: ApplianceError(.confinement, "\"\(path)\" leads through a file")
    case ELOOP: ApplianceError(.confinement, "\"\(path)\" leads through a symbolic link")
    default: .system(operation, path)
    }
  }
}
