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
    let tree: SourceTree
    do { tree = try FolderReader.read(folder, entries: [name]) } catch let error as ApplianceError
      where error.code == .fileMissing
    {
      throw Self.missing(digest)
    }
    let files = SkillArchive.below(name + "/", tree.files)
    guard !files.isEmpty else { throw Self.missing(digest) }
    let package: SkillPackage
    do { package = try SkillPackage(files) } catch { throw Self.changed(digest) }
    guard package.digest == digest else { throw Self.changed(digest) }
    return package
  }

  /// Whether a skill is here and unchanged.
  public func has(_ digest: Digest) -> Bool {
    // `try?`: whatever keeps it from being read, it is not there as it should be.
    (try? package(digest)) != nil
  }

  /// Keeps a skill; durable on return. What was in its place and is something else is removed.
  public func keep(_ package: SkillPackage) throws {
    let name = try Self.name(of: package.digest)
    let place = folder + "/" + name
    if has(package.digest) { return }
    try PrivateFolder.create(folder)
    let stage = "\(folder)/.kafclaw-\(getpid())-\(name.prefix(16)).tmp"
    try Self.removeFolder(stage)
    try PrivateFolder.create(stage)
    for (path, file) in package.files.sorted(by: { $0.key < $1.key }) {
      let target = stage + "/" + path
      try PrivateFolder.create(DurableFile.parentFolder(of: target))
      try DurableFile.replace(target, with: file.bytes)
    }
    try Self.removeFolder(place)
    guard rename(stage, place) == 0 else { throw ApplianceError.system("replace", place) }
    try DurableFile.synchronizeFolder(of: place)
  }

  public func remove(_ digest: Digest) throws {
    let place = folder + "/" + (try Self.name(of: digest))
    guard Self.isPresent(place) else { throw Self.missing(digest) }
    try Self.removeFolder(place)
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

  private static func isPresent(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Never through a link.
  private static func removeFolder(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      guard unlink(path) == 0 else { throw ApplianceError.system("remove", path) }
      return
    }
    for name in try PrivateFolder.names(in: path) { try removeFolder(path + "/" + name) }
    guard rmdir(path) == 0 else { throw ApplianceError.system("remove", path) }
  }
}
