// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Tools

/// Two folders under one roof, and no way out of either.
struct ToolFoldersTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
  }

  private func run(_ tool: String, _ path: String) async -> ToolResult {
    tool == ToolName.writeFile
      ? await place.run(tool, ["path": .string(path), "content": "written"])
      : await place.run(tool, ["path": .string(path)])
  }

  @Test(arguments: [
    ("note.md", "/w", "note.md"), ("", "/w", ""), ("work-repo", "/r", ""),
    ("work-repo/", "/r", ""), ("work-repo/note.md", "/r", "note.md"),
    ("work-repo/a/work-repo/b", "/r", "a/work-repo/b"), ("a/work-repo/b", "/w", "a/work-repo/b"),
    ("work-repository/x", "/w", "work-repository/x"), ("Work-Repo/x", "/w", "Work-Repo/x"),
    ("/work-repo/x", "/w", "/work-repo/x"),
  ])
  func resolvesAPrefix(path: String, folder: String, rest: String) {
    let folders = ToolFolders(workspace: "/w", workRepo: "/r")
    let resolved = folders.resolve(path)
    #expect(resolved.folder == folder && resolved.path == rest)
  }

  @Test func readsFromBothFolders() async {
    #expect(await run(ToolName.readFile, "note.md") == .success("of the workspace"))
    #expect(await run(ToolName.readFile, "work-repo/note.md") == .success("of the repo"))
    #expect(await run(ToolName.listDirectory, "work-repo") == .success("note.md"))
    #expect(await run(ToolName.listDirectory, "work-repo/") == .success("note.md"))
  }

  @Test func writesIntoBothFolders() async throws {
    #expect(await run(ToolName.writeFile, "a.md").success != nil)
    #expect(await run(ToolName.writeFile, "work-repo/b.md").success != nil)
    #expect(
      try place.names() == [
        "repo", "repo/b.md", "repo/note.md", "secret", "workspace", "workspace/a.md",
        "workspace/note.md",
      ])
  }

  @Test(arguments: ["work-repo", "work-repo/", "", ".", "/"])
  func writesNoFolder(path: String) async throws {
    let before = try place.names()
    #expect(await run(ToolName.writeFile, path).failure != nil)
    #expect(try place.names() == before)
  }

  @Test(arguments: [
    "../secret", "work-repo/../secret", "work-repo/../workspace/note.md", "work-repo/..",
    "/etc/passwd", "work-repo//etc/passwd", "link", "link/secret", "work-repo/link",
    "work-repo/link/secret", "note.md\0", "work-repo/note.md\0", "../\u{301}x",
    "work-repo/../\u{301}x",
  ])
  func neverLeavesTheFolders(path: String) async throws {
    for folder in ["workspace", "repo"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(place.path)/\(folder)/link", withDestinationPath: place.path)
      try FileManager.default.createDirectory(
        atPath: "\(place.path)/\(folder)/...", withIntermediateDirectories: false)
    }
    let before = try place.names()
    #expect(await run(ToolName.readFile, path).failure != nil)
    #expect(await run(ToolName.listDirectory, path).failure != nil)
    if path != "link" && path != "work-repo/link" {
      #expect(await run(ToolName.writeFile, path).failure != nil)
    }
    #expect(try place.names() == before)
    #expect(place.text("secret") == "secret")
    #expect(place.text("workspace/note.md") == "of the workspace")
    #expect(place.text("repo/note.md") == "of the repo")
  }

  @Test func aLinkIsReplacedAndNotFollowed() async throws {
    try FileManager.default.createSymbolicLink(
      atPath: place.path + "/workspace/link", withDestinationPath: place.path + "/secret")
    #expect(await run(ToolName.readFile, "link").failure != nil)
    #expect(await run(ToolName.writeFile, "link").success != nil)
    #expect(await run(ToolName.readFile, "link") == .success("written"))
    #expect(place.text("secret") == "secret")
  }
}
