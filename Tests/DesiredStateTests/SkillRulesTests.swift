// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

/// Where skills come from, and which are named.
struct SkillRulesTests {
  private static let hex = String(repeating: "0a", count: 32)

  private static func load(_ skills: String, files: [String] = []) -> LoadOutcome {
    var tree = SourceTree(files: [
      "kafclaw.yaml": .init(bytes: Array((Documents.header + "skills: \(skills)\n").utf8))
    ])
    for path in files { tree.files[path] = .init(bytes: Array("x".utf8)) }
    return DesiredStateLoader(host: nil, overrides: .none).load(tree)
  }

  private static func rules(_ skills: String, files: [String] = []) -> [String] {
    switch load(skills, files: files) {
    case .valid: []
    case .invalid(let issues): issues.filter { $0.severity == .error }.map(\.rule)
    }
  }

  @Test("what is named must be there: bundled, in the repository, or in a source")
  func enabled() {
    #expect(Self.rules("{enabled: [summarize, session-logs]}") == [])
    #expect(Self.rules("{enabled: [own]}", files: ["skills/own/SKILL.md"]) == [])
    #expect(
      Self.rules(
        "{enabled: [far], sources: [\"https://example.org/far.tar.gz#sha256=\(Self.hex)\"]}") == [])
    #expect(Self.rules("{enabled: [sumarize]}") == ["unknown-skill"])
  }

  @Test("sources are pinned and have a name")
  func sources() {
    for wrong in [
      "https://example.org/far.tar.gz", "https://example.org/far.tar.gz#sha256=0",
      "far#sha256=\(Self.hex)",
      "http://example.org/far.tar.gz#sha256=\(Self.hex)", "https://example.org#sha256=\(Self.hex)",
      "https://u:p@example.org/far.tgz#sha256=\(Self.hex)", "/srv/../far#sha256=\(Self.hex)",
      "https://example.org/Far.tar.gz#sha256=\(Self.hex)",
      "https://example.org/far?x=1#sha256=\(Self.hex)",
    ] {
      #expect(Self.rules("{sources: [\"\(wrong)\"]}") == ["skill-source"], "\(wrong)")
    }
    let pin = "#sha256=\(Self.hex)"
    #expect(
      Self.rules("{sources: [\"/srv/far\(pin)\", \"https://example.org/far.tgz\(pin)\"]}") == [
        "skill-twice"
      ])
    #expect(Self.rules("{sources: [\"/srv/summarize\(pin)\"]}") == ["skill-twice"])
    #expect(
      Self.rules("{sources: [\"/srv/own\(pin)\"]}", files: ["skills/own/SKILL.md"]) == [
        "skill-twice"
      ])
  }

  @Test("a folder of the repository that is no skill is told")
  func strays() {
    #expect(Self.rules("{}", files: ["skills/README.md"]) == [])
    #expect(Self.rules("{}", files: ["skills/Own/SKILL.md"]) == ["misplaced-file"])
    #expect(Self.rules("{}", files: ["skills/own/readme.md"]) == ["misplaced-file"])
    #expect(Self.rules("{}", files: ["skills/summarize/SKILL.md"]) == ["misplaced-file"])
    #expect(Self.rules("{limits: {timeout: 2h}}") == ["range"])
  }

  @Test("a source keeps its text, and another pin changes nothing else")
  func text() throws {
    let text = "https://example.org/a/far.tar.gz#sha256=\(Self.hex)"
    let source = try #require(SkillSource(text))
    #expect(source.text == text && source.name == "far")
    #expect(source.pinned(to: source.digest) == text)
  }
}
