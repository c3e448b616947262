// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import SodiumCrypto

extension ApplianceError.Code {
  /// What is offered as a skill is none, or is over a limit.
  public static let skillMalformed = Self("skill.malformed")
  /// A skill has findings that nobody may pass over, or has not.
  public static let skillRefused = Self("skill.refused")
  /// A skill is not what its pin, or the record of its installation, says.
  public static let skillChanged = Self("skill.changed")
  /// There is no such skill here.
  public static let skillMissing = Self("skill.missing")
}

/// A skill as files: instructions for a model in `SKILL.md`, and what they refer to. The format is that of
/// Agent Skills (agentskills.io, "Specification").
public struct SkillPackage: Sendable, Equatable {
  public static let instructionsFile = "SKILL.md"
  public static let manifestFile = "SKILL-POLICY.json"
  /// What may be run lies in this folder of the package.
  public static let scriptsFolder = "scripts/"
  public static let fileCount = 1_500

  /// By path inside the skill's folder.
  public let files: [String: SourceTree.File]
  public let header: SkillHeader
  /// What identifies the content: ``TreeDigest``.
  public let digest: Digest

  /// - Throws: `skill.malformed` where there are no instructions, or too much of anything.
  public init(_ files: [String: SourceTree.File]) throws {
    guard files.count <= Self.fileCount else {
      throw ApplianceError(
        .skillMalformed, "the skill has \(files.count) files; \(Self.fileCount) are allowed")
    }
    var total = 0
    for (path, file) in files.sorted(by: { $0.key < $1.key }) {
      try Self.requirePlain(path)
      total += file.bytes.count
      guard file.bytes.count <= SourceLimits.fileBytes, total <= SourceLimits.totalBytes else {
        throw ApplianceError(
          .skillMalformed,
          "\"\(path)\" takes the skill over \(SourceLimits.fileBytes) bytes a file or "
            + "\(SourceLimits.totalBytes) bytes in all")
      }
    }
    guard let instructions = files[Self.instructionsFile] else {
      throw ApplianceError(
        .skillMalformed, "there is no \(Self.instructionsFile)",
        hint: "a skill is a folder with a \(Self.instructionsFile) in it")
    }
    let folded = Set(files.keys.map { SourceName.folded($0) })
    guard folded.count == files.count else {
      throw ApplianceError(
        .skillMalformed, "two names in the skill differ only in case or accents")
    }
    for path in files.keys {
      var parent = path[...]
      while let slash = parent.lastIndex(of: "/") {
        parent = parent[..<slash]
        guard files[String(parent)] == nil else {
          throw ApplianceError(
            .skillMalformed, "\"\(VisibleText.escape(String(parent)))\" is a file and a folder")
        }
      }
    }
    self.files = files
    header = try SkillHeader(instructions.bytes)
    digest = TreeDigest.of(files)
  }

  /// What a model reads.
  public var instructions: String { text(of: Self.instructionsFile) ?? "" }

  /// A file as text; `nil` where there is none or it is no text.
  public func text(of path: String) -> String? {
    files[path].flatMap { String(validating: $0.bytes, as: UTF8.self) }
  }

  /// What may be run, by path.
  public var scripts: [String] {
    files.keys.filter { $0.hasPrefix(Self.scriptsFolder) }.sorted()
  }

  private static func requirePlain(_ path: String) throws {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    // Below the folder of its digest it has to be readable too.
    guard !parts.isEmpty, parts.count < SourceLimits.pathDepth - 1 else {
      throw ApplianceError(.skillMalformed, "the skill has a path that is too deep")
    }
    var folder = ""
    for part in parts {
      do { try SourceName.require(part, in: folder) } catch {
        throw ApplianceError(.skillMalformed, ApplianceError.of(error).message)
      }
      folder = folder.isEmpty ? part : folder + "/" + part
    }
  }
}
