// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Where skills come from, and which are named.
enum SkillRules {
  /// - Parameter files: Of the repository's `skills/` folder.
  static func issues(
    _ spec: ApplianceSpec, files: [String: SourceTree.File], _ check: RuleContext
  ) -> [ValidationIssue] {
    let skills = spec.skills
    let own = SkillsSpec.names(in: files)
    return sources(skills, own: own, check) + enabled(skills, own: own, check)
      + strays(files, own: own) + limits(skills.limits, check)
  }

  private static func sources(
    _ skills: SkillsSpec, own: Set<String>, _ check: RuleContext
  ) -> [ValidationIssue] {
    var taken = own.union(SkillName.bundled)
    return skills.sources.enumerated().compactMap { index, text in
      let path = "skills.sources[\(index)]"
      guard let source = SkillSource(text) else {
        return check.error(
          path, "skill-source", "\(Quoted(text)) is no pinned source of a skill",
          hint: "https://HOST/PATH/NAME.tar.gz#sha256=DIGEST; kafclaw skills install prints it")
      }
      guard taken.insert(source.name).inserted else {
        return check.error(
          path, "skill-twice", "there is another skill \(Quoted(source.name))",
          hint: "a skill is in the repository, bundled, or in one source")
      }
      return nil
    }
  }

  private static func enabled(
    _ skills: SkillsSpec, own: Set<String>, _ check: RuleContext
  ) -> [ValidationIssue] {
    let sources = skills.sources.compactMap { SkillSource($0)?.name }
    let known = own.union(sources).union(SkillName.bundled)
    return skills.enabled.enumerated().filter { !known.contains($1) }.map { index, name in
      check.error(
        "skills.enabled[\(index)]", "unknown-skill", "there is no skill \(Quoted(name))",
        hint: NearestName.suggestion(for: name, among: known.sorted()).map {
          "did you mean \"\($0)\"?"
        } ?? "skills: \(known.sorted().joined(separator: ", "))")
    }
  }

  /// A folder of the repository that looks like a skill and is none would be missed silently.
  private static func strays(
    _ files: [String: SourceTree.File], own: Set<String>
  ) -> [ValidationIssue] {
    let folders = Set(files.keys.map { $0.split(separator: "/").first.map(String.init) ?? "" })
    return folders.subtracting(own).sorted().filter { $0 != "README.md" }.map { name in
      ValidationIssue(
        origin: .file(path: "skills/\(name)", line: 0, column: 0), path: "", rule: "misplaced-file",
        message: SkillName.bundled.contains(name)
          ? "a skill of this name is bundled with the program" : "this is no skill",
        hint: "skills/NAME/SKILL.md, with a NAME of a-z, 0-9 and hyphens")
    }
  }

  private static func limits(
    _ limits: SkillLimitsSpec, _ check: RuleContext
  ) -> [ValidationIssue] {
    let values: [(String, Int, ClosedRange<Int>)] = [
      ("timeout", Int(limits.timeout.seconds), 1...3_600),
      ("memoryMiB", limits.memoryMiB.value, 4...(1 << 20)),
      ("processes", limits.processes.value, 1...4_096),
      ("outputKiB", limits.outputKiB.value, 1...(16 << 10)),
    ]
    return values.filter { !$0.2.contains($0.1) }.map { name, _, range in
      check.error(
        "skills.limits.\(name)", "range", "this is from \(range.lowerBound) to \(range.upperBound)")
    }
  }
}
