// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
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
    (ToolName.readFile, ["Path": "note.md"], "path"),
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
    #expect(names?.count == ListDirectoryTool.limit)
  }

  @Test func readsALimitedNumberOfBytes() async throws {
    let most = String(repeating: "x", count: ReadFileTool.limit)
    try place.put(most, in: "workspace/most")
    try place.put(most + "x", in: "workspace/more")
    #expect(await run(ToolName.readFile, ["path": "most"]) == .success(most))
    #expect(await run(ToolName.readFile, ["path": "more"]).failure != nil)
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
    for tool in ToolCatalog.all {
      let result = await run(tool.name, ["path": "note.md", "content": "x"])
      #expect(result.failure != nil, "\(tool.name)")
    }
    #expect(try place.names() == ["repo", "repo/note.md", "secret"])
  }
}
