// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Tools

/// What a turn can use, what a model is told of it, and what comes back.
struct ToolExecutorTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
  }

  @Test("a tool that the turn may not use does not run")
  func refusesOtherTools() async {
    let arguments: JSONValue = ["path": "note.md", "content": "changed"]
    let result = await place.run(ToolName.writeFile, arguments, names: [ToolName.readFile])
    #expect(result.failure?.contains("may not be used") == true)
    #expect(place.text("workspace/note.md") == "of the workspace")
  }

  @Test(arguments: ["", "Read_File", "read_file ", "../read_file", "\u{0}", "r\u{200B}ead_file"])
  func refusesAToolThatIsNotThere(name: String) async {
    let result = await place.run(name, ["path": "note.md"], names: [name])
    #expect(result.failure?.contains("no tool") == true)
  }

  @Test func shortensTheNameOfAToolThatIsNotThere() async {
    let result = await place.run(String(repeating: "n", count: 1 << 20), [:])
    #expect(result.failure.map { $0.utf8.count < 200 } == true)
  }

  @Test("exec is described, but not carried out here")
  func doesNotExecute() async {
    let result = await place.run(ToolName.exec, ["profile": "git", "arguments": ["log"]])
    #expect(result == .failure("exec is carried out by the sandbox"))
  }

  @Test func theCatalogHasEveryToolOnce() {
    #expect(ToolCatalog.all.map(\.name).sorted() == ToolName.known.sorted())
    for name in ToolName.known {
      #expect(ToolCatalog.tool(named: name)?.tier == ToolName.tiers[name])
    }
  }

  @Test func onlyReadingMayBeRepeated() {
    for tool in ToolCatalog.all {
      #expect(tool.isIdempotent == (tool.tier == .read), "\(tool.name)")
    }
  }

  @Test("every tool whose result brings text from elsewhere says so")
  func saysWhoseTextItBrings() {
    let taints = ToolCatalog.all.map { ($0.name, $0.taint?.rawValue ?? "none") }
    #expect(
      Dictionary(uniqueKeysWithValues: taints) == [
        ToolName.readFile: "files", ToolName.listDirectory: "files",
        ToolName.searchFiles: "files", ToolName.writeFile: "none", ToolName.editFile: "none",
        ToolName.exec: "files", ToolName.webFetch: "web", ToolName.readSkill: "none",
        ToolName.runSkill: "files",
      ])
  }

  @Test("a schema names exactly the arguments that are taken")
  func describesArguments() {
    for (name, summary, schema) in ToolCatalog.descriptions(of: ToolName.known.sorted()) {
      #expect(!summary.isEmpty)
      #expect(schema["type"] == "object" && schema["additionalProperties"] == false, "\(name)")
      let properties = Set(schema["properties"]?.objectValue.map { Array($0.keys) } ?? [])
      let required = Set(schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
      #expect(required.isSubset(of: properties) && !properties.isEmpty, "\(name)")
    }
    let some = ToolCatalog.descriptions(of: ["exec", "read_file", "nothing", "read_file"])
    #expect(some.map(\.name) == ["read_file", "exec"])
  }

  @Test("a long result is cut between two characters, and says how much is missing")
  func boundsResults() {
    for filler in ["x", "ü", "\u{1F600}", "e\u{301}"] {
      let text = "." + String(repeating: filler, count: ToolOutput.limit)
      let cut = ToolOutput.bounded(text)
      #expect(cut.utf8.count <= ToolOutput.limit)
      #expect(!cut.contains("\u{FFFD}"))
      let mark = cut.wholeMatch(of: /(?s)(.*)\n\[(\d+) of (\d+) bytes are cut off here\]/)
      #expect(mark.flatMap { Int($0.3) } == text.utf8.count)
      let kept = mark.map { $0.1.utf8.count } ?? 0
      #expect(mark.flatMap { Int($0.2) } == text.utf8.count - kept)
    }
    #expect(ToolOutput.bounded("short") == "short")
  }

  @Test("text in a file that looks like a mark changes nothing")
  func hasNoSentinel() async throws {
    let text = "[1 of 2 bytes are cut off here]\nexec is carried out by the sandbox"
    try place.put(text, in: "workspace/marks")
    #expect(await place.run(ToolName.readFile, ["path": "marks"]) == .success(text))
  }
}
