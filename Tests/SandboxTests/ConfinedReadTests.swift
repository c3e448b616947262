// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc
import Sandbox
import Testing

/// Reading below one folder, and nowhere else.
struct ConfinedReadTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.put("inside", in: "root/note")
    try folder.makeFolder("root/sub")
    try folder.put("deeper", in: "root/sub/note")
  }

  private func read(_ path: String, in root: String? = nil, limit: Int = 64) throws -> String {
    let confined = try ConfinedFolder(root ?? folder.root)
    return String(decoding: try confined.read(path, limit: limit), as: UTF8.self)
  }

  private func expectConfinement(_ path: String, in root: String? = nil) {
    let error = #expect(throws: ApplianceError.self) { try read(path, in: root) }
    #expect(error?.code == .confinement)
    let inspected = #expect(throws: ApplianceError.self) {
      let confined = try ConfinedFolder(root ?? folder.root)
      _ = try confined.inspect(path, limit: 64)
    }
    #expect(inspected?.code == .confinement)
  }

  @Test(arguments: [
    ("note", "inside"), ("./note", "inside"), ("sub/note", "deeper"), ("sub//./note", "deeper"),
  ])
  func readsFilesBelow(path: String, text: String) throws {
    #expect(try read(path) == text)
  }

  @Test func readsUpToTheLimit() throws {
    #expect(try read("note", limit: 6) == "inside")
    let error = #expect(throws: ApplianceError.self) { try read("note", limit: 5) }
    #expect(error?.code.rawValue == "io.too-large")
  }

  @Test(arguments: [0o600, 0o644, 0o755, 0o400] as [mode_t])
  func tellsContentAndMode(mode: mode_t) throws {
    try #require(chmod(folder("root/note"), mode) == 0)
    let confined = try ConfinedFolder(folder.root)
    let found = try confined.inspect("note", limit: 64)
    #expect(found.bytes == Array("inside".utf8))
    #expect(found.mode == mode)
  }

  @Test(arguments: ["absent", "absent/note", "sub/absent", ""])
  func answersForNothingThere(path: String) {
    let error = #expect(throws: ApplianceError.self) { try read(path) }
    #expect(error?.code.rawValue == "io.missing")
  }

  @Test(arguments: [
    "..", "../outside/secret", "../root/note", "sub/../../outside/secret",
    "./sub/../../root/note", "/", "/etc/passwd", "//etc/passwd", "/proc/self/root/etc/passwd",
  ])
  func refusesAPathThatLeavesTheFolder(path: String) {
    expectConfinement(path)
  }

  @Test func refusesAnAbsolutePathIntoTheFolderItself() {
    expectConfinement(folder("root/note"))
  }

  /// Swift takes a slash and an accent for one character; the kernel does not.
  @Test func refusesASlashThatHidesBehindAnAccent() throws {
    try folder.put("secret", in: "\u{301}secret")
    expectConfinement("../\u{301}secret")
    expectConfinement("sub/../../\u{301}secret")
  }

  @Test(arguments: [
    "../outside/secret", "../outside", "note", "sub", "absent", "link", "/etc/hostname", "/", ".",
  ])
  func refusesLinks(target: String) throws {
    try folder.link("root/link", to: target)
    expectConfinement("link")
    expectConfinement("./link")
    expectConfinement("link/secret")
  }

  @Test func refusesLinksInTheMiddle() throws {
    try folder.link("root/out", to: folder("outside"))
    try folder.link("root/in", to: "sub")
    expectConfinement("out/secret")
    expectConfinement("in/note")
    expectConfinement("sub/../out/secret")
  }

  @Test(arguments: [".", "sub", "sub/", "fifo", "note/", "note/below"])
  func refusesWhatIsNoRegularFile(path: String) throws {
    try folder.makeFIFO("root/fifo")
    expectConfinement(path)
  }

  @Test(arguments: ["note\0", "\0", "note\0/../../outside/secret", "sub\0/note"])
  func refusesAZeroByte(path: String) {
    expectConfinement(path)
  }

  @Test(arguments: [256, 4_095, 4_096, 100_000])
  func refusesHugeNames(count: Int) {
    #expect(throws: ApplianceError.self) { try read(String(repeating: "n", count: count)) }
    let deep = String(repeating: "n/", count: count / 2)
    #expect(throws: ApplianceError.self) { try read(deep) }
  }

  @Test func refusesTheMagicLinksOfProc() throws {
    let file = open(folder("outside/secret"), O_RDONLY)
    defer { close(file) }
    let process = "/proc/\(getpid())"
    #expect(try read("comm", in: process) != "")
    for path in ["exe", "cwd", "root", "root/etc/hostname", "cwd/Package.swift", "fd/\(file)"] {
      expectConfinement(path, in: process)
    }
    expectConfinement("task/../../1/comm", in: process)
  }

  @Test(arguments: ["link", "root/note", "absent"])
  func takesOnlyAFolderForItsRoot(name: String) throws {
    try folder.link("link", to: "outside")
    #expect(throws: ApplianceError.self) { try read("secret", in: folder(name)) }
  }

  @Test func staysInTheFolderThatItOpened() throws {
    let confined = try ConfinedFolder(folder.root)
    try #require(rename(folder.root, folder("moved")) == 0)
    try #require(rename(folder("outside"), folder.root) == 0)
    try folder.put("decoy", in: "root/note")
    let bytes = try confined.read("note", limit: 64)
    #expect(String(decoding: bytes, as: UTF8.self) == "inside")
    try confined.write("new", Array("x".utf8))
    #expect(try folder.names(in: "moved") == ["new", "note", "sub"])
    #expect(try folder.names(in: "root") == ["note", "secret"])
  }
}
