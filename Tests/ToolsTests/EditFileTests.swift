// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import Sandbox
import Testing

@testable import Tools

/// Replacing a passage: exactly the one that was meant, in exactly the file that was read.
struct EditFileTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
  }

  struct Case: Sendable {
    let text: String
    let old: String
    let new: String
    var all = false
    /// What the file holds then; `nil` when the edit is refused.
    var result: String?
  }

  static let cases: [Case] = [
    Case(text: "one two three", old: "two", new: "2", result: "one 2 three"),
    Case(text: "one", old: "one", new: "", result: ""),
    Case(text: "aXbXc", old: "X", new: "--", all: true, result: "a--b--c"),
    Case(text: "aXbXc", old: "X", new: "--"),
    Case(text: "abc", old: "d", new: "e"),
    Case(text: "abc", old: "d", new: "e", all: true),
    Case(text: "abc", old: "", new: "e"),
    Case(text: "", old: "a", new: "b"),
    // Not overlapping, first to last.
    Case(text: "aaa", old: "aa", new: "b", all: true, result: "ba"),
    Case(text: "aaaaa", old: "aa", new: "a", all: true, result: "aaa"),
    Case(text: "ababaca", old: "abac", new: "-", result: "ab-a"),
    // By bytes: an accent of its own is another text than an accented letter.
    Case(text: "caf\u{e9}", old: "cafe\u{301}", new: "x"),
    Case(text: "a\r\nb", old: "\n", new: "\u{0}", result: "a\r\u{0}b"),
    Case(text: "x\u{301}", old: "x", new: "y", result: "y\u{301}"),
  ]

  @Test(arguments: EditFileTests.cases.indices)
  func replacesWhatWasMeant(index: Int) async throws {
    let example = Self.cases[index]
    try place.put(example.text, in: "workspace/file")
    chmod(place.path + "/workspace/file", 0o640)
    let result = await place.run(
      ToolName.editFile,
      [
        "path": "file", "old": .string(example.old), "new": .string(example.new),
        "all": .bool(example.all),
      ])
    #expect((result.success != nil) == (example.result != nil), "\(result)")
    let text = try #require(place.text("workspace/file"))
    #expect(text.utf8.elementsEqual((example.result ?? example.text).utf8))
    #expect(try place.mode("workspace/file") == 0o640)
    #expect(try place.names().filter { $0.contains(".tmp") } == [])
  }

  @Test("an edit that would make the file too large is refused")
  func refusesLargeResults() async throws {
    try place.put(String(repeating: "x", count: 2_000), in: "workspace/file")
    let new = JSONValue.string(String(repeating: "y", count: 1_000))
    let result = await place.run(
      ToolName.editFile, ["path": "file", "old": "x", "new": new, "all": true])
    #expect(result.failure?.contains("over") == true)
    #expect(place.text("workspace/file")?.count == 2_000)
  }

  /// What somebody else does between the reading and the replacing.
  static let interferences: [@Sendable (String) throws -> Void] = [
    { try Data("others".utf8).write(to: URL(filePath: $0)) },
    { path in
      let file = try #require(FileHandle(forWritingAtPath: path))
      try file.write(contentsOf: Data("same inode".utf8))
      try file.close()
    },
    { chmod($0, 0o644) },
    { path in
      unlink(path)
      symlink("/etc/passwd", path)
    },
    { path in
      unlink(path)
      mkdir(path, 0o700)
    },
  ]

  @Test("what somebody else wrote meanwhile stays", arguments: EditFileTests.interferences.indices)
  func keepsWhatOthersWrote(index: Int) throws {
    try place.put("before", in: "workspace/file")
    let path = place.path + "/workspace/file"
    chmod(path, 0o600)
    let file = try ConfinedFile("file", in: place.folders.workspace)
    let content = try file.read(limit: 100)
    try Self.interferences[index](path)
    var before = stat()
    #expect(lstat(path, &before) == 0)
    #expect(throws: ApplianceError.self) { try file.replace(content, with: Array("after".utf8)) }
    var after = stat()
    #expect(lstat(path, &after) == 0)
    #expect(before.st_ino == after.st_ino && before.st_mode == after.st_mode)
    #expect(try place.names().filter { $0.contains(".tmp") } == [])
  }

  @Test("a file that is gone meanwhile is not made again")
  func doesNotBringBack() throws {
    try place.put("before", in: "workspace/file")
    let file = try ConfinedFile("file", in: place.folders.workspace)
    let content = try file.read(limit: 100)
    unlink(place.path + "/workspace/file")
    #expect(throws: ApplianceError.self) { try file.replace(content, with: []) }
    #expect(try place.names().filter { $0.hasPrefix("workspace/") } == ["workspace/note.md"])
  }

  @Test("a folder that was moved away takes its file along")
  func staysInTheFolderItOpened() throws {
    try place.put("before", in: "workspace/a/file")
    let file = try ConfinedFile("a/file", in: place.folders.workspace)
    let content = try file.read(limit: 100)
    #expect(rename(place.path + "/workspace/a", place.path + "/workspace/b") == 0)
    try place.link("workspace/a", to: place.path)
    try file.replace(content, with: Array("after".utf8))
    #expect(place.text("workspace/b/file") == "after")
    #expect(place.text("secret") == "secret")
  }
}
