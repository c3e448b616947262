// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Glibc

/// A repository in a folder of this host, or of one that is mounted here.
public struct FolderStorage: BackupStorage {
  private static let folders = ["keys", "packs", "index", "snapshots", "heads", "tmp"]

  public let path: String
  public var address: String { path }
  public var isRemote: Bool { false }

  public init(path: String) { self.path = path }

  public func prepare() throws {
    try PrivateFolder.create(path)
    guard try PrivateFolder.names(in: path).isEmpty else {
      throw ApplianceError(
        .backupRepository, "\"\(path)\" is not empty",
        hint: "name a new folder; one that an interrupted init left can be removed")
    }
    for folder in Self.folders { try PrivateFolder.create(path + "/" + folder) }
  }

  public func add(_ name: String, _ bytes: [UInt8]) throws {
    try Self.require(name)
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
        throw ApplianceError(.backupExists, "\"\(name)\" is in the repository already")
      }
      throw ApplianceError.system("store", target)
    }
    try DurableFile.synchronizeFolder(of: target)
  }

  public func read(_ name: String, limit: Int) throws -> [UInt8] {
    try DurableFile.read(path + "/" + name, limit: limit)
  }

  public func read(_ name: String, _ range: Range<Int>) throws -> [UInt8] {
    let file = try open(name)
    return try [UInt8](unsafeUninitializedCapacity: range.count) { target, count in
      while count < range.count {
        let read = pread(
          file.number, target.baseAddress.map { $0 + count }, range.count - count,
          off_t(range.lowerBound + count))
        if read < 0 && errno == EINTR { continue }
        guard read >= 0 else { throw ApplianceError.system("read", path + "/" + name) }
        guard read > 0 else { throw ApplianceError(.backupDamaged, "the file is too short") }
        count += read
      }
    }
  }

  public func file(_ name: String) throws -> StoredFile? {
    var status = stat()
    guard lstat(path + "/" + name, &status) == 0 else {
      guard errno == ENOENT else { throw ApplianceError.system("examine", path + "/" + name) }
      return nil
    }
    return status.st_mode & S_IFMT == S_IFREG ? Self.stored(name, status) : nil
  }

  public func files(in folder: String) throws -> [StoredFile] {
    try PrivateFolder.names(in: path + "/" + folder).flatMap { name in
      try files(at: folder + "/" + name)
    }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private func files(at name: String) throws -> [StoredFile] {
    var status = stat()
    guard lstat(path + "/" + name, &status) == 0 else {
      guard errno == ENOENT else { throw ApplianceError.system("examine", path + "/" + name) }
      return []
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return [Self.stored(name, status)]
    case S_IFDIR: return try files(in: name)
    default: return []
    }
  }

  public func remove(_ name: String) throws {
    try Self.require(name)
    let file = path + "/" + name
    guard unlink(file) == 0 || errno == ENOENT else {
      throw ApplianceError.system("remove", file)
    }
    try DurableFile.synchronizeFolder(of: file)
  }

  public func lock(_ purpose: String) throws -> StorageLock? {
    StorageLock(try FileLock(acquiring: path + "/lock", purpose: purpose))
  }

  /// Opens a regular file; whatever else lies there is not waited for.
  private func open(_ name: String) throws -> Descriptor {
    let file = try Descriptor(
      opening: path + "/" + name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.backupDamaged, "is not a regular file")
    }
    return file
  }

  private static func require(_ name: String) throws {
    guard RepositoryFormat.isName(name) else {
      throw ApplianceError(
        .backupDamaged, "\"\(VisibleText.escape(name))\" is no name of a file of a repository")
    }
  }

  private static func stored(_ name: String, _ status: stat) -> StoredFile {
    StoredFile(
      name: name, size: Int(status.st_size),
      time: Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec)))
  }
}
