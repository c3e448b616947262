// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Testing

/// A desired-state folder on disk, under the rules that hold for commits.
struct FolderReaderTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func expectRefusal(_ entries: [String] = ["workspace"]) {
    let error = #expect(throws: ApplianceError.self) {
      try FolderReader.read(folder.path, entries: entries)
    }
    #expect(error?.code == .sourceRefused)
  }

  @Test func readsFilesWithTheirModes() throws {
    try folder.put("version: 1\n", in: "kafclaw.yaml")
    try folder.put("Be brief.\n", in: "workspace/AGENTS.md")
    try folder.put("#!/bin/sh\n", in: "workspace/bin/run", mode: 0o755)
    try folder.put("", in: "workspace/empty", mode: 0o654)
    try folder.makeFolder("workspace/nothing")
    let tree = try FolderReader.read(folder.path, entries: ["kafclaw.yaml", "workspace"])
    let wanted: [String: SourceTree.File] = [
      "kafclaw.yaml": .init(bytes: Array("version: 1\n".utf8)),
      "workspace/AGENTS.md": .init(bytes: Array("Be brief.\n".utf8)),
      "workspace/bin/run": .init(bytes: Array("#!/bin/sh\n".utf8), isExecutable: true),
      "workspace/empty": .init(bytes: []),
    ]
    #expect(tree.files == wanted)
  }

  @Test func ignoresWhatIsNotListed() throws {
    try folder.put("version: 1\n", in: "kafclaw.yaml")
    try folder.put("x", in: ".git/config")
    try folder.put(bytes: [UInt8](repeating: 0, count: SourceLimits.fileBytes + 1), in: "big")
    try folder.link("link", to: "/etc")
    try folder.makeFIFO("fifo")
    let tree = try FolderReader.read(folder.path, entries: ["kafclaw.yaml"])
    #expect(tree.files.keys.sorted() == ["kafclaw.yaml"])
  }

  @Test func takesAbsentEntriesForEmpty() throws {
    #expect(try FolderReader.read(folder.path, entries: ["kafclaw.yaml", "hosts"]).files == [:])
    #expect(try FolderReader.read(folder.path, entries: []).files == [:])
  }

  @Test(arguments: ["absent", "file", "file/below"])
  func refusesARootThatIsNoFolder(name: String) throws {
    try folder.put("x", in: "file")
    let error = #expect(throws: ApplianceError.self) {
      try FolderReader.read(folder(name), entries: ["kafclaw.yaml"])
    }
    #expect(error?.code == .fileMissing)
  }

  @Test(arguments: ["file", "folder", "absent", "/etc/hostname", "workspace"])
  func refusesLinks(target: String) throws {
    try folder.put("x", in: "file")
    try folder.makeFolder("folder")
    try folder.makeFolder("workspace")
    try folder.link("workspace/link", to: target.hasPrefix("/") ? target : folder(target))
    try folder.link("kafclaw.yaml", to: target)
    expectRefusal()
    expectRefusal(["kafclaw.yaml"])
  }

  @Test func refusesAFIFOWithoutWaitingForIt() throws {
    try folder.makeFolder("workspace")
    try folder.makeFIFO("workspace/fifo")
    try folder.makeFIFO("kafclaw.yaml")
    expectRefusal()
    expectRefusal(["kafclaw.yaml"])
  }

  @Test(arguments: [
    ".git", ".GIT", ".Git", "git~1", "GIT~2", "-rf", "-\u{301}rf", "\u{301}x", "a:b", "a\\b",
    "a\nb", "a\r\nb", "a\tb",
    "a\u{7F}", "a\u{85}b", "a\u{200B}b", "a\u{202E}b", "a\u{2066}b", "\u{FEFF}a", ".g\u{200C}it",
  ])
  func refusesNamesThatMislead(name: String) throws {
    try folder.put("x", in: "workspace/inner/\(name)")
    expectRefusal()
    expectRefusal([name])
  }

  @Test(arguments: [
    ".hidden", "...", "größe.txt", "日本語", "a b", "git", ".gitignore", "a-b", "~", "'quoted'",
    String(repeating: "n", count: 255),
  ])
  func readsNamesThatAreOnlyUnusual(name: String) throws {
    try folder.put("x", in: "workspace/\(name)")
    let tree = try FolderReader.read(folder.path, entries: ["workspace"])
    #expect(tree.files.keys.sorted() == ["workspace/\(name)"])
  }

  @Test func refusesNamesThatAreNoText() throws {
    try folder.makeFolder("workspace")
    let path = Array(folder("workspace/").utf8) + [0x66, 0xFF, 0]
    let file = path.withUnsafeBytes { bytes in
      bytes.baseAddress.map { creat($0.assumingMemoryBound(to: CChar.self), 0o600) } ?? -1
    }
    try #require(file >= 0)
    close(file)
    expectRefusal()
  }

  @Test(arguments: [["README", "Readme"], ["GRÖSSE", "grösse"], ["\u{E9}", "e\u{301}"]])
  func refusesNamesThatOnlySomeFileSystemsTellApart(names: [String]) throws {
    for name in names { try folder.put("x", in: "workspace/\(name)") }
    expectRefusal()
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser reads everything"))
  func anUnreadableFileIsNotAbsence() throws {
    try folder.put("x", in: "kafclaw.yaml", mode: 0)
    let error = #expect(throws: ApplianceError.self) {
      try FolderReader.read(folder.path, entries: ["kafclaw.yaml"])
    }
    #expect(error?.code == .fileFailed)
  }
}
