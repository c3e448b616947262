// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DurableIO
import Glibc

/// The skills of a host, each below its digest: a name never leads to other content than was checked.
public struct SkillStore: Sendable {
  private let folder: String

  public init(_ paths: AppliancePaths) { folder = paths.skillPackages }

  /// What is here, by digest.
  public func digests() throws -> [Digest] {
    guard PrivateFolder.isFolder(folder) else { return [] }
    return try PrivateFolder.names(in: folder).filter(Self.isDigest).map {
      Digest(rawValue: "sha256:" + $0)
    }
  }

  /// A skill, read and checked anew.
  ///
  /// - Throws: `skill.missing`, `skill.changed` where its files are not what they were.
  public func package(_ digest: Digest) throws -> SkillPackage {
    let name = try Self.name(of: digest)
    guard Self.isPresent(folder + "/" + name) else { throw Self.missing(digest) }
    let package: SkillPackage
    do {
      let tree = try FolderReader.read(folder, entries: [name])
      package = try SkillPackage(SkillArchive.below(name + "/", tree.files))
    } catch {
      // Whatever keeps it from being read was not there when it was installed.
      throw Self.changed(digest)
    }
    guard package.digest == digest else { throw Self.changed(digest) }
    return package
  }

  /// Whether a skill is here and unchanged.
  public func has(_ digest: Digest) -> Bool {
    // `try?`: whatever keeps it from being read, it is not there as it should be.
    (try? package(digest)) != nil
  }

  /// Keeps a skill; durable on return. What was in its place and is something else is removed.
  ///
  /// - Throws: `io.lock-held` while another process does the same; `skill.no-room`.
  public func keep(_ package: SkillPackage) throws {
    if has(package.digest) { return }
    try PrivateFolder.create(folder)
    let lock = try FileLock(acquiring: folder + "/lock", purpose: "kafclaw skills", patience: 30)
    let result = Result { try keepLocked(package) }
    _ = consume lock
    try result.get()
  }

  private func keepLocked(_ package: SkillPackage) throws {
    // Nobody else is at work here: what is unfinished was left behind.
    for name in try PrivateFolder.names(in: folder) where name.hasSuffix(Self.unfinished) {
      FolderRemoval.remove(folder + "/" + name)
    }
    // Another process may have brought it meanwhile.
    if has(package.digest) { return }
    let name = try Self.name(of: package.digest)
    let (place, stage) = (folder + "/" + name, folder + "/" + name.prefix(16) + Self.unfinished)
    try requireRoom(for: package)
    do {
      try write(package, to: stage)
      if Self.isPresent(place) {
        let aside = folder + "/" + name.prefix(16) + "-old" + Self.unfinished
        guard rename(place, aside) == 0 else { throw ApplianceError.system("move", place) }
        FolderRemoval.remove(aside)
      }
      guard rename(stage, place) == 0 else { throw ApplianceError.system("replace", place) }
      try DurableFile.synchronizeFolder(of: place)
    } catch {
      FolderRemoval.remove(stage)
      throw error
    }
  }

  private func write(_ package: SkillPackage, to stage: String) throws {
    try PrivateFolder.create(stage)
    for (path, file) in package.files.sorted(by: { $0.key < $1.key }) {
      let target = stage + "/" + path
      try PrivateFolder.create(DurableFile.parentFolder(of: target))
      try DurableFile.replace(target, with: file.bytes)
    }
  }

  /// The appliance's own files lie on the same disk.
  private func requireRoom(for package: SkillPackage) throws {
    var room = statvfs()
    guard statvfs(folder, &room) == 0 else { throw ApplianceError.system("examine", folder) }
    let (free, overflow) = UInt64(room.f_bavail).multipliedReportingOverflow(
      by: UInt64(room.f_frsize))
    let size = package.files.values.reduce(0) { $0 + $1.bytes.count + 8_192 }
    guard overflow || free >= UInt64(size) + Self.reserve else {
      throw ApplianceError(
        .skillNoRoom, "the disk of \"\(folder)\" is nearly full: skills are not installed",
        hint: "make room, then try again")
    }
  }

  private static let reserve: UInt64 = 8 << 20
  private static let unfinished = ".unfinished"

  public func remove(_ digest: Digest) throws {
    let place = folder + "/" + (try Self.name(of: digest))
    guard Self.isPresent(place) else { throw Self.missing(digest) }
    FolderRemoval.remove(place)
    guard !Self.isPresent(place) else { throw ApplianceError.system("remove", place) }
    try DurableFile.synchronizeFolder(of: place)
  }

  private static func name(of digest: Digest) throws -> String {
    let name = String(digest.rawValue.dropFirst("sha256:".count))
    guard digest.rawValue.hasPrefix("sha256:"), isDigest(name) else {
      throw ApplianceError(.skillMissing, "\"\(digest.rawValue.prefix(80))\" is no digest")
    }
    return name
  }

  private static func isDigest(_ name: String) -> Bool {
    name.utf8.count == 64 && name.utf8.allSatisfy(Hexadecimal.isDigit)
  }

  private static func missing(_ digest: Digest) -> ApplianceError {
    ApplianceError(
      .skillMissing, "no skill \(digest.short) is installed here",
      hint: "kafclaw skills install LOCATION")
  }

  private static func changed(_ digest: Digest) -> ApplianceError {
    ApplianceError(
      .skillChanged, "the files of skill \(digest.short) are not what was installed",
      hint: "kafclaw skills install LOCATION puts them back")
  }

  /// Removes what lies where a file of ours belongs, if it is a folder.
  public static func removeFolder(at path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
    FolderRemoval.remove(path)
  }

  private static func isPresent(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}

extension ApplianceError.Code {
  /// There is no room for a skill.
  public static let skillNoRoom = Self("skill.no-room")
}
