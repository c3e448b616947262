// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import Testing

@testable import Tools

/// Reading, listing and writing, as a model asks for them.
struct FileToolsTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
  }

  private func run(_ tool: String, _ arguments: JSONValue) async -> ToolResult {
    await place.run(tool, arguments)
  }

  static let incomplete: [(String, JSONValue, String)] = [
    (ToolName.readFile, [:], "path"),
    (ToolName.readFile, .null, "path"),
    (ToolName.readFile, [], "path"),
    (ToolName.readFile, "note.md", "path"),
    (ToolName.readFile, ["path": 5], "path"),
    (ToolName.readFile, ["path": .null], "path"),
    (ToolName.readFile, ["path": ["note.md"]], "path"),
    (ToolName.readFile, ["Path": "note.md"], "Path"),
    (ToolName.readFile, ["path": "note.md", "mode": "r"], "mode"),
    (ToolName.readFile, ["path": "note.md", "offset": 0], "offset"),
    (ToolName.readFile, ["path": "note.md", "offset": "1"], "offset"),
    (ToolName.editFile, ["path": "note.md", "old": "of"], "new"),
    (ToolName.editFile, ["path": "note.md", "old": "of", "new": "x", "all": "yes"], "all"),
    (ToolName.searchFiles, [:], "text"),
    (ToolName.searchFiles, ["text": ""], "text"),
    (ToolName.searchFiles, ["name": "a/b"], "name"),
    (ToolName.writeFile, ["content": "x"], "path"),
    (ToolName.writeFile, ["path": "note.md"], "content"),
    (ToolName.writeFile, ["path": "note.md", "content": .null], "content"),
    (ToolName.writeFile, ["path": "note.md", "content": 7], "content"),
    (ToolName.writeFile, ["path": true, "content": "x"], "path"),
    (ToolName.listDirectory, ["path": 5], "path"),
  ]

  @Test(arguments: FileToolsTests.incomplete)
  func namesTheArgumentThatIsMissing(tool: String, arguments: JSONValue, name: String) async {
    let result = await run(tool, arguments)
    #expect(result.failure?.contains("\"\(name)\"") == true, "\(result)")
    #expect(place.text("workspace/note.md") == "of the workspace")
  }

  @Test func readsWhatWasWritten() async {
    let text = "größe \u{1F600}\r\n\u{0}end"
    let written = await run(ToolName.writeFile, ["path": "a/b.md", "content": .string(text)])
    #expect(written.success?.contains("\(text.utf8.count) bytes") == true)
    #expect(await run(ToolName.readFile, ["path": "a/b.md"]) == .success(text))
    #expect(await run(ToolName.listDirectory, ["path": "a"]) == .success("b.md"))
    #expect(place.text("repo/a/b.md") == nil)
  }

  @Test(arguments: [[:], ["path": ""], ["path": "."]] as [JSONValue])
  func listsTheWorkspace(arguments: JSONValue) async throws {
    try place.put("x", in: "workspace/folder/inner")
    #expect(await run(ToolName.listDirectory, arguments) == .success("folder/\nnote.md"))
  }

  @Test func saysThatAFolderIsEmpty() async throws {
    try FileManager.default.createDirectory(
      atPath: place.path + "/workspace/empty", withIntermediateDirectories: false)
    #expect(await run(ToolName.listDirectory, ["path": "empty"]) == .success("(empty)"))
  }

  @Test func listsALimitedNumberOfNames() async throws {
    for index in 0...ListDirectoryTool.limit { try place.put("", in: "workspace/many/\(index)") }
    let names = await run(ToolName.listDirectory, ["path": "many"]).success?.split(separator: "\n")
    #expect(names?.count == ListDirectoryTool.limit + 1)
    #expect(names?.last == "[there are more names]")
  }

  @Test("a name with a line break does not look like two")
  func escapesNames() async throws {
    try place.put("x", in: "workspace/folder/a\nb")
    #expect(await run(ToolName.listDirectory, ["path": "folder"]) == .success("a\\u{a}b"))
    let found = await run(ToolName.searchFiles, ["text": "x", "path": "folder"])
    #expect(found == .success("folder/a\\u{a}b:1: x"))
  }

  @Test func readsALimitedNumberOfBytes() async throws {
    let most = String(repeating: "x", count: ReadFileTool.shown)
    try place.put(most, in: "workspace/most")
    try place.put(most + "xy", in: "workspace/more")
    try place.put(String(repeating: "x", count: ReadFileTool.limit + 1), in: "workspace/large")
    #expect(await run(ToolName.readFile, ["path": "most"]) == .success(most))
    let more = await run(ToolName.readFile, ["path": "more"]).success
    #expect(more == most + "\n[line 1 has \(most.count + 2) bytes; the rest is left out]")
    #expect(await run(ToolName.readFile, ["path": "large"]).failure != nil)
  }

  static let lines: [(text: String, offset: Int64?, limit: Int64?, shown: String?)] = [
    ("a\nb\nc\n", 1, 2, "a\nb"), ("a\nb\nc\n", 2, nil, "b\nc"), ("a\nb\nc\n", 3, 9, "c"),
    ("a\nb\nc", 3, nil, "c"), ("a\nb\n", 3, nil, nil), ("", 1, nil, ""), ("", 2, nil, nil),
    ("\n\nx", 2, 1, ""), ("a\r\nb", 1, 1, "a\r"), ("e\u{301}\n\u{301}x", 2, nil, "\u{301}x"),
    ("a\nb", 2_147_483_647, 2_147_483_647, nil),
  ]

  @Test(arguments: FileToolsTests.lines.indices)
  func readsSomeLines(index: Int) async throws {
    let example = Self.lines[index]
    try place.put(example.text, in: "workspace/lines")
    var arguments: [String: JSONValue] = ["path": "lines"]
    if let offset = example.offset { arguments["offset"] = .integer(offset) }
    if let limit = example.limit { arguments["limit"] = .integer(limit) }
    let result = await run(ToolName.readFile, .object(arguments))
    #expect(result.success == example.shown, "\(result)")
  }

  @Test("reading goes on where it was cut, and gives the whole file")
  func readsOnWhereItWasCut() async throws {
    let lines = (1...9_000).map { "line \($0) of many" }
    try place.put(lines.joined(separator: "\n"), in: "workspace/long")
    var (read, next): ([Substring], Int64) = ([], 1)
    while next > 0 {
      let result = await run(ToolName.readFile, ["path": "long", "offset": .integer(next)])
      let text = try #require(result.success)
      #expect(text.utf8.count <= ToolOutput.limit)
      let part = text.split(separator: "\n")
      let mark = part.last.flatMap { $0.wholeMatch(of: /\[.* line (\d+) comes next\]/)?.output.1 }
      read += mark == nil ? part : part.dropLast()
      next = mark.flatMap { Int64($0) } ?? 0
    }
    #expect(read.map(String.init) == lines)
  }

  @Test("a written file keeps its permissions; a new one is private")
  func keepsPermissions() async throws {
    _ = await run(ToolName.writeFile, ["path": "note.md", "content": "a"])
    let first = try place.mode("workspace/note.md")
    chmod(place.path + "/workspace/note.md", 0o4755)
    #expect(await run(ToolName.writeFile, ["path": "note.md", "content": "b"]).success != nil)
    #expect(await run(ToolName.writeFile, ["path": "new.md", "content": "b"]).success != nil)
    #expect(try place.mode("workspace/note.md") == 0o755)
    #expect(try place.mode("workspace/new.md") == 0o600)
    #expect(first & 0o7000 == 0)
    #expect(place.text("workspace/note.md") == "b")
  }

  @Test(
    "tools do not write what Git runs",
    arguments: [
      ".git/hooks/post-checkout", "work-repo/.git/config", "a/.GIT/x", ".git", "work-repo/.Git/x",
    ])
  func doesNotWriteGit(path: String) async throws {
    let before = try place.names()
    let arguments: JSONValue = ["path": .string(path), "content": "x"]
    #expect(await run(ToolName.writeFile, arguments).failure?.contains("Git") == true)
    #expect(try place.names() == before)
  }

  @Test func writesALimitedNumberOfBytes() async {
    let most = String(repeating: "x", count: WriteFileTool.limit)
    let fits = await run(ToolName.writeFile, ["path": "most", "content": .string(most)])
    #expect(fits.success != nil)
    let more = await run(ToolName.writeFile, ["path": "more", "content": .string(most + "x")])
    #expect(more.failure != nil)
    #expect(place.text("workspace/more") == nil)
  }

  @Test(arguments: [[0xFF], [0x66, 0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
  func readsTextOnly(bytes: [UInt8]) async throws {
    try place.put(Data(bytes), in: "workspace/data")
    let result = await run(ToolName.readFile, ["path": "data"])
    #expect(result.failure?.contains("UTF-8") == true)
  }

  @Test(arguments: ["absent", "absent/note.md", "note.md/below", ".", ""])
  func failsForWhatIsNoFile(path: String) async {
    #expect(await run(ToolName.readFile, ["path": .string(path)]).failure != nil)
  }

  @Test func failsWhenTheWorkspaceIsGone() async throws {
    try FileManager.default.removeItem(atPath: place.path + "/workspace")
    let calls: [(String, JSONValue)] = [
      (ToolName.readFile, ["path": "note.md"]), (ToolName.listDirectory, [:]),
      (ToolName.searchFiles, ["text": "x"]),
      (ToolName.writeFile, ["path": "note.md", "content": "x"]),
      (ToolName.editFile, ["path": "note.md", "old": "x", "new": "y"]),
    ]
    for (tool, arguments) in calls {
      #expect(await run(tool, arguments).failure?.contains("workspace") == true, "\(tool)")
    }
    #expect(try place.names() == ["repo", "repo/note.md", "secret"])
  }
}
