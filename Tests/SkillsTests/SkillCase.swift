// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Skills

/// Skills for tests.
enum SkillCase {
  static let header = "---\nname: notes\ndescription: Keeps notes.\n---\n# Notes\n"

  static func files(
    _ more: [String: String] = [:], instructions: String = header
  ) -> [String: SourceTree.File] {
    var files = more.mapValues { SourceTree.File(bytes: Array($0.utf8)) }
    files["SKILL.md"] = SourceTree.File(bytes: Array(instructions.utf8))
    return files
  }

  static func package(
    _ more: [String: String] = [:], instructions: String = header
  ) throws -> SkillPackage {
    try SkillPackage(files(more, instructions: instructions))
  }

  /// The codes of what is found.
  static func codes(
    _ more: [String: String] = [:], instructions: String = header, named name: String? = "notes"
  ) throws -> [String] {
    let package = try package(more, instructions: instructions)
    return SkillReport(package, expected: name).findings.map(\.code)
  }
}
