// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GitSource
import Testing

/// Trees that no honest checkout has: refused before anything of them is used.
struct HostileTreeTests {
  private let folder: TemporaryFolder
  private let origin: GitRepository

  init() throws {
    folder = try TemporaryFolder()
    origin = try GitRepository(in: folder)
  }

  /// Fetches what is on `main` and reads it.
  private func read(_ entries: [String]) throws -> GitSnapshot {
    let clone = folder("clone.git")
    let tip = try GitReader.fetch(try RemoteAddress(origin.path), branch: "main", into: clone)
    return try GitClone(opening: clone).snapshot(
      of: tip, branch: "main", folder: "", entries: entries)
  }

  /// Fetches what is on `main` and expects its reader to refuse it.
  private func expectRefusal(mentioning word: String? = nil) throws {
    let error = #expect(throws: ApplianceError.self) {
      _ = try read(["kafclaw.yaml", "workspace"])
    }
    #expect(error?.code == .sourceRefused)
    if let word { #expect(error?.message.contains(word) == true) }
  }

  /// Commits `entries` as they are two folders deep, beside an innocent file.
  private func commit(deep entries: [GitRepository.Entry]) throws {
    let text = try origin.blob("version: 1\n")
    let inner = try origin.rawTree(entries)
    let workspace = try origin.tree([.folder(inner, "inner"), .file(text, "A")])
    try origin.commit(
      try origin.tree([.folder(workspace, "workspace"), .file(text, "kafclaw.yaml")]))
  }

  @Test(arguments: ["120000", "100664", "100600", "0100644", "0"])
  func refusesOtherModesThanThoseOfFiles(mode: String) throws {
    let target = try origin.blob("/etc/passwd")
    try commit(deep: [.init(mode, target, "entry")])
    try expectRefusal(mentioning: "workspace/inner/entry")
    let text = try origin.blob("version: 1\n")
    try origin.commit(
      try origin.rawTree([.init(mode, target, "kafclaw.yaml"), .file(text, "other")]))
    try expectRefusal(mentioning: "kafclaw.yaml")
  }

  @Test func refusesSubmodules() throws {
    let elsewhere = String(repeating: "1", count: 40)
    try commit(deep: [.init("160000", elsewhere, "sub")])
    try expectRefusal(mentioning: "workspace/inner/sub")
    try origin.git("read-tree", "--empty")
    try origin.git("update-index", "--add", "--cacheinfo", "160000,\(elsewhere),workspace")
    try origin.commit(try origin.git("write-tree"))
    try expectRefusal(mentioning: "workspace")
  }

  @Test(arguments: [
    ".git", ".GIT", ".gIt", "git~1", "GIT~1", ".g\u{200C}it", "a\nb", "a\r\nb", "a\rb", "a\tb",
    "a\u{1B}[2Jb", "a\u{7F}", "a\u{9B}b", "a\u{202E}b", "a\\b", "a:b", "a/b", "../b", "/b", ".",
    "..", "-rf", "-\u{301}rf", "\u{301}x", "e\u{301}", "\u{212B}", ".git.", "git~1 ", ".gitmodules",
    ".GitModules", ".gitmodules.", "GITMOD~1",
  ])
  func refusesNamesThatMislead(name: String) throws {
    try commit(deep: [.file(try origin.blob("x"), name)])
    try expectRefusal()
    let inner = try origin.tree([.file(try origin.blob("x"), "config")])
    try commit(deep: [.folder(inner, name)])
    try expectRefusal()
  }

  @Test(arguments: ["a\u{1B}[2Jb", "a\r\nb", "a\u{202E}b"])
  func showsMisleadingNamesWithoutTheirEffect(name: String) throws {
    try commit(deep: [.file(try origin.blob("x"), name)])
    let error = #expect(throws: ApplianceError.self) { _ = try read(["workspace"]) }
    let scalars = try #require(error).description.unicodeScalars
    #expect(!scalars.contains { $0.properties.generalCategory == .format || $0.value == 0x1B })
    #expect(!scalars.contains("\r"))
  }

  @Test func refusesNamesThatAreNoText() throws {
    try commit(deep: [.init("100644", try origin.blob("x"), bytes: [0x66, 0xFF])])
    try expectRefusal()
  }

  @Test func refusesNamesThatAreTooLong() throws {
    try commit(deep: [.file(try origin.blob("x"), String(repeating: "n", count: 256))])
    try expectRefusal()
  }

  @Test(arguments: [
    ["README", "readme"], ["GRÖSSE", "grösse"], ["\u{E9}", "e\u{301}"], ["x", "x"],
    ["STRASSE", "straße"], ["s", "ſ"], ["ΣΑΣ", "σας"], ["Ⅷ", "ⅷ"],
  ])
  func refusesNamesThatOnlySomeFileSystemsTellApart(names: [String]) throws {
    let text = try origin.blob("x")
    try commit(deep: names.map { .file(text, $0) })
    try expectRefusal()
    let empty = try origin.tree([])
    try commit(deep: [.file(text, names[0]), .folder(empty, names[1])])
    try expectRefusal()
  }

  /// Which of the two would people see in review?
  @Test func refusesTwoEntriesOfOneName() throws {
    let one = try origin.blob("version: 1\n")
    let other = try origin.blob("version: 2\n")
    try origin.commit(
      try origin.rawTree([.file(one, "kafclaw.yaml"), .file(other, "kafclaw.yaml")]))
    try expectRefusal(mentioning: "kafclaw.yaml")
  }

  @Test func aTreeInPlaceOfAFileIsNoFile() throws {
    try commit(deep: [.file(try origin.tree([]), "entry")])
    try expectRefusal(mentioning: "workspace/inner/entry")
  }
}
