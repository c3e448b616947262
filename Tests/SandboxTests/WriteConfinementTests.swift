// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox
import Testing

/// Paths that would write or remove elsewhere, or what was not meant.
struct WriteConfinementTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.put("inside", in: "root/note")
    try folder.put("TOKEN=1", in: "root/.env")
    for name in ["root/sub", "root/..."] { try folder.makeFolder(name) }
    try folder.link("root/link", to: folder("outside"))
    try folder.link("root/dangling", to: folder("outside/absent"))
  }

  /// Expects refusals after which every file is as it was.
  private func expectConfinement(_ path: String) throws {
    let before = try folder.state()
    let confined = try ConfinedFolder(folder.root)
    var codes: [String?] = []
    do { try confined.write(path, Array("new".utf8)) } catch { codes.append(Self.code(error)) }
    do { try confined.removeIfPresent(path) } catch { codes.append(Self.code(error)) }
    #expect(codes == ["sandbox.confinement", "sandbox.confinement"])
    #expect(try folder.state() == before)
  }

  private static func code(_ error: any Error) -> String? {
    (error as? ApplianceError)?.code.rawValue
  }

  @Test(arguments: ["", ".", "..", "sub/", "sub/.", "sub/..", "note/", "/", "//", "./"])
  func refusesAPathThatNamesNoFile(path: String) throws {
    try expectConfinement(path)
  }

  @Test(arguments: [
    "../outside/secret", "../fresh", "sub/../../fresh", "sub/../note", "new/../note",
    "../root/note",
  ])
  func refusesAPathWithAStepUp(path: String) throws {
    try expectConfinement(path)
  }

  @Test(arguments: ["/note", "/sub/note", "//note", "/etc/kafclaw-test", "/tmp/kafclaw-test"])
  func refusesAnAbsolutePath(path: String) throws {
    try expectConfinement(path)
  }

  @Test func refusesAnAbsolutePathIntoTheFolderItself() throws {
    try expectConfinement(folder("root/note"))
    try expectConfinement(folder("\u{301}fresh"))
  }

  @Test(arguments: [
    "link/secret", "link/fresh", "dangling/fresh", "link/new/fresh", "sub/up/fresh",
  ])
  func refusesAPathThroughALink(path: String) throws {
    try folder.link("root/sub/up", to: "../../outside")
    try expectConfinement(path)
  }

  @Test(arguments: ["note\0", "env\0", "fresh\0.txt", "\0", "sub\0/note", "..\0/fresh", "a/\0b"])
  func refusesAZeroByte(path: String) throws {
    try expectConfinement(path)
  }

  /// Swift takes a slash and an accent for one character, so that splitting at slashes overlooks
  /// it; the kernel does not.
  @Test(arguments: [
    "../\u{301}fresh", "../\u{301}new/fresh", "link/\u{301}fresh", "link/\u{301}new/fresh",
    "sub/../../\u{301}fresh", "../\u{20DD}fresh", "../\u{FE0F}fresh", "../\u{200D}fresh",
  ])
  func refusesASlashThatHidesBehindAnAccent(path: String) throws {
    try expectConfinement(path)
  }

  @Test func removesNothingBehindAHiddenSlash() throws {
    for name in ["\u{301}victim", "outside/\u{301}victim"] { try folder.put("kept", in: name) }
    try expectConfinement("../\u{301}victim")
    try expectConfinement("link/\u{301}victim")
    try expectConfinement(folder("\u{301}victim"))
  }

  @Test func anAccentAfterASlashIsOnlyAName() throws {
    let confined = try ConfinedFolder(folder.root)
    try confined.write("sub/\u{301}name", Array("new".utf8))
    #expect(folder.text("root/sub/\u{301}name") == "new")
    #expect(try folder.names(in: "root/sub").count == 1)
    try confined.removeIfPresent("sub/\u{301}name")
    #expect(try folder.names(in: "root/sub") == [])
  }

  @Test(arguments: [256, 4_095, 4_096, 100_000])
  func refusesHugeNames(count: Int) throws {
    let before = try folder.state()
    for path in [String(repeating: "n", count: count), String(repeating: "n/", count: count)] {
      #expect(throws: ApplianceError.self) {
        let confined = try ConfinedFolder(folder.root)
        try confined.write(path + "x", Array("new".utf8))
      }
    }
    #expect(try folder.state() == before)
  }
}
