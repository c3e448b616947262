// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DurableIO

/// Reads a skill from wherever it is offered; writes nothing.
public enum SkillArchive {
  /// Of a download or a file. Bytes.
  public static let limit = 16 << 20

  /// A folder, or a tar archive, with or without gzip.
  ///
  /// - Throws: `skill.malformed`, and errors of reading.
  public static func package(at path: String) throws -> SkillPackage {
    guard let resolved = PrivateFolder.resolve(path) else {
      throw ApplianceError(.fileMissing, "there is no \"\(path)\"", hint: "check the path")
    }
    if PrivateFolder.isFolder(resolved) { return try folder(resolved) }
    return try package(in: try DurableFile.read(resolved, limit: limit))
  }

  /// - Parameter bytes: Of a tar archive, with or without gzip.
  public static func package(in bytes: [UInt8]) throws -> SkillPackage {
    if bytes.starts(with: "PK".utf8) {
      throw ApplianceError(
        .skillMalformed, "this is a zip archive",
        hint: "unpack it and name the folder, or offer a .tar.gz")
    }
    let tar =
      Gunzip.isGzip(bytes)
      ? try Gunzip.unpack(bytes, limit: SourceLimits.totalBytes + (4 << 20)) : bytes
    return try SkillPackage(try rooted(try TarArchive.files(in: tar)))
  }

  private static func folder(_ path: String) throws -> SkillPackage {
    let parent = DurableFile.parentFolder(of: path)
    let name = String(path.dropFirst(parent == "/" ? 1 : parent.count + 1))
    guard !name.isEmpty else {
      throw ApplianceError(.skillMalformed, "this folder is no skill", hint: "name the skill's own")
    }
    let tree = try FolderReader.read(parent, entries: [name])
    return try SkillPackage(below(name + "/", tree.files))
  }

  /// An archive holds the skill's files, or one folder with them.
  private static func rooted(
    _ files: [String: SourceTree.File]
  ) throws -> [String: SourceTree.File] {
    if files[SkillPackage.instructionsFile] != nil { return files }
    let roots = Set(files.keys.map { $0.split(separator: "/").first.map(String.init) ?? "" })
    guard let root = roots.first, roots.count == 1 else {
      throw ApplianceError(
        .skillMalformed, "the archive has no \(SkillPackage.instructionsFile), and no single folder"
      )
    }
    let inside = below(root + "/", files)
    guard inside.count == files.count else {
      throw ApplianceError(.skillMalformed, "the archive has files beside its folder")
    }
    return inside
  }

  public static func below(
    _ prefix: String, _ files: [String: SourceTree.File]
  ) -> [String: SourceTree.File] {
    var inside: [String: SourceTree.File] = [:]
    for (path, file) in files where path.hasPrefix(prefix) {
      inside[String(path.dropFirst(prefix.count))] = file
    }
    return inside
  }
}
