// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Skills
import Testing

struct SkillPackageTests {
  @Test("front matter gives name, description and tools")
  func header() throws {
    let text = """
      ---
      name: deploy-notes
      description: "Writes notes: one a day"
      license: Apache-2.0
      allowed-tools: read_file  list_dir
      metadata: {version: "1.0"}
      ---
      Body
      """
    let header = try SkillPackage(SkillCase.files(instructions: text)).header
    #expect(header.name == "deploy-notes")
    #expect(header.description == "Writes notes: one a day")
    #expect(header.allowedTools == ["read_file", "list_dir"])
    let windows = text.replacing("\n", with: "\r\n").replacing(
      "read_file  list_dir", with: "[read_file]")
    #expect(
      try SkillPackage(SkillCase.files(instructions: windows)).header.allowedTools == ["read_file"])
  }

  @Test(
    "what is no skill is refused",
    arguments: [
      "", "# Notes", "---\nname: notes\n", "---\nname: notes\n---\n", "---\ndescription: x\n---\n",
      "---\nname: Notes\ndescription: x\n---\n", "---\nname: -a\ndescription: x\n---\n",
      "---\nname: a--b\ndescription: x\n---\n", "---\nname: notes\ndescription: \"\"\n---\n",
      "---\nname: [a]\ndescription: x\n---\n", "---\n- a\n---\n",
      "---\nname: &a b\ndescription: *a\n---\n",
      "---\nname: notes\ndescription: x\nallowed-tools: {a: b}\n---\n",
    ])
  func refused(instructions: String) {
    #expect(throws: ApplianceError.self) { try SkillCase.package(instructions: instructions) }
  }

  @Test("names that lead out or look like others are refused")
  func paths() {
    for path in ["../x", "/x", "a//b", "a/../b", ".git/config", "a\u{202E}b", "a\\b", "a\0b", "-x"]
    {
      #expect(throws: ApplianceError.self, "\(path)") { try SkillCase.package([path: "x"]) }
    }
    #expect(throws: ApplianceError.self) {
      try SkillPackage(["notes/x": SourceTree.File(bytes: [])])
    }
  }

  @Test("the digest is that of sha256sum over sha256sum, and tells any change")
  func digest() throws {
    let package = try SkillCase.package(["a/b.txt": "x", "a.txt": "y"])
    // find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
    #expect(
      package.digest.rawValue
        == "sha256:e0e37e4d76656d802e158f879cc43ae85f9ea088055a6694fc346dd446395845")
    #expect(try SkillCase.package(["a/b.txt": "y", "a.txt": "x"]).digest != package.digest)
    #expect(try SkillCase.package(["a/c.txt": "x", "a.txt": "y"]).digest != package.digest)
  }

  @Test(
    "what the program brings along is without findings, and named as the desired state knows it")
  func bundled() throws {
    #expect(Set(BundledSkills.names) == SkillName.bundled)
    for name in BundledSkills.names {
      let package = try BundledSkills.package(name)
      let report = SkillReport(package, expected: name)
      #expect(report.findings.isEmpty, "\(name): \(report.findings)")
      #expect(package.header.allowedTools?.isEmpty == false)
    }
  }
}
