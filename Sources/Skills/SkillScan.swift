// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

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
    // As it is read, whatever way it is written in.
    let described = Array(package.header.description.utf8)
    var findings = matches(in: described, at: instructions)
    if HiddenSigns.first(in: package.header.description) != nil {
      findings.append(
        SkillFinding(
          "invisible_text", .critical, instructions, "its description has signs that nobody sees"))
    }
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
    do { _ = try SkillManifest(of: package).requireScripts(of: package) } catch {
      findings.append(
        SkillFinding(
          "policy_manifest_invalid", .critical, SkillPackage.manifestFile,
          ApplianceError.of(error).message))
    }
    return findings
  }

  private static func findings(in bytes: [UInt8], at path: String) -> [SkillFinding] {
    if isProgram(bytes) {
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
    if let text, let hidden = HiddenSigns.first(in: text) {
      findings.append(
        SkillFinding(
          "invisible_text", .critical, path,
          "it holds U+\(String(hidden.value, radix: 16, uppercase: true)), which people do not see")
      )
    }
    if isMarkdown(path), Needle(stringLiteral: "<!--").find(in: bytes[...]) != nil {
      findings.append(
        SkillFinding(
          "hidden_comment", .warning, path, "a comment that a model reads and a page hides"))
    }
    return findings + matches(in: bytes, at: path) + matches(in: Array(path.utf8), at: path)
  }

  /// A program of Linux, Windows or macOS, or WebAssembly; two letters alone are none.
  private static func isProgram(_ bytes: [UInt8]) -> Bool {
    if bytes.starts(with: [0x4D, 0x5A]) { return bytes.prefix(1_024).contains(0) }
    return [
      [0x7F, 0x45, 0x4C, 0x46], [0xCF, 0xFA, 0xED, 0xFE], [0xCA, 0xFE, 0xBA, 0xBE],
      [0x00, 0x61, 0x73, 0x6D],
    ].contains { bytes.starts(with: $0 as [UInt8]) }
  }

  private static func isMarkdown(_ path: String) -> Bool {
    [".md", ".markdown"].contains { path.lowercased().hasSuffix($0) }
  }

  private static func matches(in bytes: [UInt8], at path: String) -> [SkillFinding] {
    let text = ScannedText(bytes, flat: false)
    let speech = ScannedText(bytes, flat: true)
    let isText = isMarkdown(path) || path.lowercased().hasSuffix(".txt")
    let prose = isText ? Prose(bytes, hasTables: isMarkdown(path)) : nil
    return SkillRule.all.flatMap { rule -> [SkillFinding] in
      let scanned = rule.kind == .speech ? speech : text
      let all = rule.places(in: scanned).map { place in
        let isDoubtful =
          rule.kind == .command && prose?.isDoubtful(rule, scanned.lines(around: place)) == true
        return SkillFinding(
          rule.code, isDoubtful ? .warning : rule.severity, path, line: scanned.line(at: place),
          rule.message)
      }
      // Many harmless ones hide none that is not.
      let critical = all.filter { $0.severity == .critical }.prefix(repeatLimit)
      return Array(critical) + all.filter { $0.severity != .critical }.prefix(repeatLimit)
    }
  }

  /// What begins with http and is a name, or stays within a private network.
  private static let names: [Needle] = [
    "http://www.w3.org/", "http://www.apache.org/licenses/", "http://json-schema.org/",
    "http://schemas.", "http://localhost", "http://127.", "http://[::1]", "http://0.0.0.0",
    "http://10.", "http://192.168.", "http://172.16.",
  ]

  private static func links(in package: SkillPackage) -> [SkillFinding] {
    var findings: [SkillFinding] = []
    var (read, others) = (0, 0)
    for (path, file) in package.files.sorted(by: { $0.key < $1.key }) {
      let text = ScannedText(file.bytes, flat: false).bytes
      let all = count("http://", in: text)
      let plain = all - names.reduce(0) { $0 + count($1, in: text) }
      let isRead =
        path == SkillPackage.instructionsFile || path.hasPrefix(SkillPackage.scriptsFolder)
      let links = all + count("https://", in: text)
      if isRead { read += links } else { others += links }
      if plain > 0 {
        findings.append(
          SkillFinding(
            "link_policy_block", isRead ? .critical : .warning, path,
            "\(plain) links by http, which anybody on the way can change"))
      }
    }
    if read > linkLimit || others > 10 * linkLimit {
      findings.append(
        SkillFinding(
          "max_links_exceeded", read > linkLimit ? .critical : .warning,
          SkillPackage.instructionsFile,
          "\(read) links in instructions and scripts, \(others) elsewhere; \(linkLimit) and "
            + "\(10 * linkLimit) are allowed"))
    }
    return findings
  }

  private static func count(_ needle: Needle, in bytes: [UInt8]) -> Int {
    var (count, rest) = (0, bytes[...])
    while let place = needle.find(in: rest) {
      count += 1
      rest = bytes[(place + 1)...]
    }
    return count
  }
}

/// Signs that a person does not see and a model reads.
enum HiddenSigns {
  static func first(in text: String) -> Unicode.Scalar? {
    let scripts = text.unicodeScalars.contains { (0x590...0x8FF).contains($0.value) }
    return text.unicodeScalars.enumerated().first { index, scalar in
      isHidden(scalar, isFirst: index == 0, joins: scripts)
    }?.element
  }

  /// - Parameter joins: Whether the text is in a script whose letters need joiners and marks of direction.
  private static func isHidden(_ scalar: Unicode.Scalar, isFirst: Bool, joins: Bool) -> Bool {
    switch scalar.value {
    // Line ends, tabs, what joins and colours parts of an emoji.
    case 0x09, 0x0A, 0x0C, 0x0D, 0x200D, 0xFE0F: false
    case 0xFEFF: !isFirst
    case 0x200C, 0x200E, 0x200F, 0x61C: !joins
    case 0x180B...0x180F: true
    default: VisibleText.isInvisible(scalar) || scalar.properties.isDefaultIgnorableCodePoint
    }
  }
}
