// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// Looks through a skill for what has hurt others. It finds what is written plainly; what holds a skill is the
/// sandbox and the turn's own rights, whatever this finds.
enum SkillScan {
  static let linkLimit = 20
  /// Findings of one code in one file.
  private static let repeatLimit = 3

  static func findings(in package: SkillPackage, expected name: String?) -> [SkillFinding] {
    structure(of: package, expected: name)
      + package.files.sorted { $0.key < $1.key }.flatMap {
        findings(in: $0.value.bytes, at: $0.key)
      }
      + links(in: package)
  }

  private static func structure(
    of package: SkillPackage, expected name: String?
  ) -> [SkillFinding] {
    let instructions = SkillPackage.instructionsFile
    var findings: [SkillFinding] = []
    if let name, name != package.header.name {
      findings.append(
        SkillFinding(
          "frontmatter_name_mismatch", .critical, instructions,
          "it calls itself \(package.header.name), and is to be \(name)"))
    }
    for tool in package.header.allowedTools ?? [] where !ToolName.known.contains(tool) {
      findings.append(
        SkillFinding(
          "unknown_tool", .warning, instructions,
          "allowed-tools names \"\(VisibleText.escape(String(tool.prefix(64))))\", which there is not"
        ))
    }
    if !package.scripts.isEmpty, package.files[SkillPackage.manifestFile] == nil {
      findings.append(
        SkillFinding(
          "policy_manifest_missing", .warning, SkillPackage.manifestFile,
          "scripts without a manifest run within the operator's limits alone"))
    }
    do { _ = try SkillManifest(of: package) } catch {
      findings.append(
        SkillFinding(
          "policy_manifest_invalid", .critical, SkillPackage.manifestFile,
          ApplianceError.of(error).message))
    }
    return findings
  }

  private static func findings(in bytes: [UInt8], at path: String) -> [SkillFinding] {
    if programs.contains(where: { bytes.starts(with: $0) }) {
      return [
        SkillFinding("compiled_program", .critical, path, "a compiled program cannot be read")
      ]
    }
    var findings: [SkillFinding] = []
    let text = String(validating: bytes, as: UTF8.self)
    if text == nil || bytes.contains(0) {
      findings.append(
        SkillFinding("binary_file", .warning, path, "not text: only plain words in it are found"))
    }
    if let hidden = text?.unicodeScalars.first(where: isHidden) {
      findings.append(
        SkillFinding(
          "invisible_text", .critical, path,
          "it holds U+\(String(hidden.value, radix: 16, uppercase: true)), which people do not see")
      )
    }
    if path.lowercased().hasSuffix(".md"), SkillRule.contains(bytes, "<!--") {
      findings.append(
        SkillFinding(
          "hidden_comment", .warning, path, "a comment that a model reads and a page hides"))
    }
    return findings + matches(in: bytes, at: path)
  }

  /// What begins a program of Linux, Windows or macOS, or WebAssembly.
  private static let programs: [[UInt8]] = [
    [0x7F, 0x45, 0x4C, 0x46], [0x4D, 0x5A], [0xCF, 0xFA, 0xED, 0xFE], [0xCA, 0xFE, 0xBA, 0xBE],
    [0x00, 0x61, 0x73, 0x6D],
  ]

  /// Tags (U+E0000…) and what ``VisibleText`` calls invisible, but for line ends, tabs, the mark at a file's
  /// beginning and what joins parts of an emoji.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0C, 0x0D, 0xFEFF, 0x200D: false
    case 0xE0000...0xE0FFF: true
    default: VisibleText.isInvisible(scalar)
    }
  }

  private static func matches(in bytes: [UInt8], at path: String) -> [SkillFinding] {
    let lowered = SkillRule.lowered(bytes)
    // Most rules speak of words that most files do not have.
    let rules = SkillRule.all.filter { $0.mayMatch(lowered) }
    guard !rules.isEmpty else { return [] }
    var findings: [SkillFinding] = []
    var counts: [String: Int] = [:]
    for (number, line) in SkillRule.lines(lowered) {
      for rule in rules where counts[rule.code, default: 0] < repeatLimit && rule.matches(line) {
        counts[rule.code, default: 0] += 1
        findings.append(
          SkillFinding(rule.code, rule.severity, path, line: number, rule.message))
      }
    }
    return findings
  }

  /// What begins with http and is a name, or stays on the machine.
  private static let names = [
    "http://www.w3.org/", "http://www.apache.org/licenses/", "http://json-schema.org/",
    "http://localhost", "http://127.0.0.1",
  ]

  private static func links(in package: SkillPackage) -> [SkillFinding] {
    var findings: [SkillFinding] = []
    var count = 0
    for (path, file) in package.files.sorted(by: { $0.key < $1.key }) {
      let lowered = SkillRule.lowered(file.bytes)
      let all = SkillRule.count(lowered, "http://")
      count += all + SkillRule.count(lowered, "https://")
      let plain = all - names.reduce(0) { $0 + SkillRule.count(lowered, $1) }
      if plain > 0 {
        let isRead =
          path == SkillPackage.instructionsFile || path.hasPrefix(SkillPackage.scriptsFolder)
        findings.append(
          SkillFinding(
            "link_policy_block", isRead ? .critical : .warning, path,
            "\(plain) links by http, which anybody on the way can change"))
      }
    }
    if count > linkLimit {
      findings.append(
        SkillFinding(
          "max_links_exceeded", .critical, SkillPackage.instructionsFile,
          "\(count) links; \(linkLimit) are allowed"))
    }
    return findings
  }
}
