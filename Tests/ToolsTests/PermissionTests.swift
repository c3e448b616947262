// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Tools

/// Which tool runs for whom: deny beats allow, allow beats tier.
struct PermissionTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let tool: String
    var deny: Set<String> = []
    var allow: Set<String>?
    var ceiling = ToolTier.highRisk
    /// What the refusal names, `nil` when the tool runs.
    var refusal: String?

    var testDescription: String {
      let list = allow.map { $0.sorted().joined(separator: ",") } ?? "*"
      return "\(tool): deny \(deny.sorted().joined(separator: ",")), allow \(list), \(ceiling)"
    }
  }

  private static let read = ToolName.readFile
  private static let list = ToolName.listDirectory
  private static let write = ToolName.writeFile

  static let lists: [Case] = [
    Case(tool: read),
    Case(tool: read, deny: [write, list]),
    Case(tool: read, deny: [read], refusal: "tools.deny"),
    Case(tool: read, deny: ["READ_FILE", "read", "read_file "]),
    Case(tool: read, allow: [read]),
    Case(tool: read, allow: [], refusal: "tools.allow"),
    Case(tool: read, allow: [list], refusal: "tools.allow"),
    Case(tool: read, deny: [read], allow: [read], refusal: "tools.deny"),
    Case(tool: read, deny: [read], allow: [], ceiling: .read, refusal: "tools.deny"),
    Case(tool: write, allow: [read], ceiling: .read, refusal: "tools.allow"),
  ]

  static let tiers: [Case] = [
    Case(tool: read, ceiling: .read),
    Case(tool: list, ceiling: .read),
    Case(tool: read, ceiling: .write),
    Case(tool: write, ceiling: .read, refusal: "tier"),
    Case(tool: write, ceiling: .write),
    Case(tool: write, ceiling: .highRisk),
    Case(tool: write, allow: [write], ceiling: .read, refusal: "tier"),
    Case(tool: write, deny: [write], ceiling: .read, refusal: "tools.deny"),
  ]

  static let arguments: JSONValue = ["path": "note.md", "content": "changed"]

  @Test(arguments: PermissionTests.lists + PermissionTests.tiers)
  func runsWhatIsPermitted(example: Case) async {
    let before = place.text("workspace/note.md")
    var arguments = Self.arguments
    if example.tool == Self.list { arguments = [:] }
    let result = await place.run(
      example.tool, arguments, deny: example.deny, allow: example.allow, ceiling: example.ceiling)
    guard let word = example.refusal else {
      #expect(result.success != nil, "\(result)")
      return
    }
    #expect(result.failure?.contains(word) == true, "\(result)")
    #expect(result.failure?.contains(example.tool) == true, "\(result)")
    #expect(place.text("workspace/note.md") == before)
  }

  @Test(arguments: ["exec", "web_fetch", "", "Read_File", "read_file ", "../read_file", "\u{0}"])
  func refusesAToolThatIsNotThere(name: String) async {
    let result = await place.run(name, Self.arguments, allow: [name])
    #expect(result.failure?.contains("no tool") == true)
  }

  @Test func shortensTheNameOfAToolThatIsNotThere() async {
    let result = await place.run(String(repeating: "n", count: 1 << 20), [:])
    #expect(result.failure.map { $0.utf8.count < 200 } == true)
  }

  @Test func everyToolIsNamedOnceAndCanBeDenied() {
    let names = ToolCatalog.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(names).isSubset(of: ToolName.known))
    for name in names { #expect(ToolCatalog.tool(named: name)?.name == name) }
  }

  @Test func onlyReadingMayBeRepeated() {
    for tool in ToolCatalog.all {
      #expect(tool.isIdempotent == (tool.tier == .read), "\(tool.name)")
    }
  }

  @Test func tiersAreOrderedByHarm() {
    #expect(ToolTier.allCases.sorted() == [.read, .write, .highRisk])
  }
}
