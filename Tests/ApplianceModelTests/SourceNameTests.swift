// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

/// Names that a desired-state folder may use.
struct SourceNameTests {
  @Test(arguments: [
    "kafclaw.yaml", "kafclaw.d", "10-channels.yaml", "AGENTS.md", ".gitignore", ".github",
    ".gitlab-ci.yml", "git", "gitter", "a b.txt", "zoë.md", "日本語", "😀", "~", "...", "..a",
    "a-", "a~1", "$HOME", "'", "*", String(repeating: "n", count: 255),
  ])
  func acceptsPlainVisibleNames(name: String) throws {
    try SourceName.require(name, in: "")
    try SourceName.require(name, in: "workspace")
  }

  @Test(arguments: [
    "", ".", "..", "-", "-rf", "--help", ".git", ".GIT", ".Git", ".gIT",
    "git~1", "GIT~2", "Git~", "a/b", "/", "a\\b", "c:d", ":", "a\0b", "a\nb", "\t", "a\r",
    "a\u{1B}[2J", "\u{7F}", "\u{80}", "\u{9B}", "\u{200B}", "a\u{200C}b", "\u{200D}", "\u{200E}",
    "\u{200F}",
    "\u{202A}", "gpj.\u{202E}exe", "\u{2060}", "\u{2066}", "\u{2069}", "\u{206F}", "\u{FEFF}",
    ".g\u{200C}it", "\u{FFFE}", "\u{FFFF}", String(repeating: "n", count: 256),
    String(repeating: "ö", count: 128),
  ])
  func refusesOtherNames(name: String) {
    for folder in ["", "workspace"] {
      let error = #expect(throws: ApplianceError.self) {
        try SourceName.require(name, in: folder)
      }
      #expect(error?.code == .sourceRefused)
    }
  }

  @Test func messageNamesThePathVisibly() {
    let error = #expect(throws: ApplianceError.self) {
      try SourceName.require("a\u{202E}\u{1B}b", in: "workspace")
    }
    #expect(error?.message.hasPrefix(#""workspace/a\u{202e}\u{1b}b""#) == true)
  }
}
