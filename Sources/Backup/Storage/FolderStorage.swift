// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// Where a repository's files lie: a local folder. Files appear whole, under a name that nothing had
/// before, and are on the disk when that is told.
struct RepositoryFolder: Sendable {
  let path: String

  /// Makes the folders of a new repository in an empty or absent folder.
  ///
  /// - Throws: `backup.repository` when something is there.
  func create() throws {
    try PrivateFolder.create(path)
    guard try PrivateFolder.names(in: path).isEmpty else {
      throw ApplianceError(
        .backupRepository, "\"\(path)\" is not empty",
        hint: "name a new folder; one that an interrupted init left can be removed")
    }
    for folder in ["keys", "packs", "index", "snapshots", "heads", "tmp"] {
      try PrivateFolder.create(path + "/" + folder)
    }
  }

  /// Stores a file that is not there yet.
  ///
  /// - Throws: `backup.failed` when there is one of this name: two writers at once, or a clock of
  ///   numbers that was set back.
  func add(_ name: String, _ bytes: [UInt8]) throws {
    let temporary = "\(path)/tmp/\(getpid())-\(name.split(separator: "/").last ?? "")"
    unlink(temporary)
    defer { unlink(temporary) }
    let file = try Descriptor(opening: temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    try file.write(bytes, to: temporary)
    try file.synchronize(temporary)
    let target = path + "/" + name
    let folder = DurableFile.parentFolder(of: target)
    if access(folder, F_OK) != 0 {
      try PrivateFolder.create(folder)
      try DurableFile.synchronizeFolder(of: folder)
    }
    // A link refuses a name that is taken; a rename would replace it.
    guard link(temporary, target) == 0 else {
      if errno == EEXIST {
        throw ApplianceError(.backupFailed, "\"\(name)\" is in the repository already")
      }
      throw ApplianceError.system("store", target)
    }
    try DurableFile.synchronizeFolder(of: target)
  }

  func has(_ name: String) -> Bool { access(path + "/" + name, F_OK) == 0 }

  func read(_ name: String, limit: Int) throws -> [UInt8] {
    try DurableFile.read(path + "/" + name, limit: limit)
  }

  func names(in folder: String) throws -> [String] {
    try PrivateFolder.names(in: path + "/" + folder).sorted()
  }

  /// The numbers of the files in a folder, in order. What file systems and people leave there under
  /// other names is none of the repository's.
  func sequences(in folder: String) throws -> [Int] {
    try names(in: folder).compactMap { RepositoryFormat.sequence(of: $0) }
  }

  /// Opens a regular file; whatever else lies there is not waited for.
  func open(_ name: String) throws -> Descriptor {
    let file = try Descriptor(
      opening: path + "/" + name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.backupDamaged, "is not a regular file")
    }
    return file
  }

  /// Bytes of a regular file; `nil` when none is there.
  func size(_ name: String) -> Int? {
    var status = stat()
    guard lstat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    return Int(status.st_size)
  }
}
