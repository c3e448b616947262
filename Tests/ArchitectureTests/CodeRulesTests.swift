// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Testing

/// The rules on code find what is planted and leave the rest alone.
struct CodeRulesTests {
  @Test(arguments: [
    "let coder = JSONEncoder()",
    "let coder = JSONDecoder ()",
    "let coder = JSONDecoder.init()",
    "let coder: JSONEncoder = make(JSONEncoder.init)",
    "let value = try! load()",
    "let text = \"loaded \\(try! load())\"",
    "let name = value as! String",
    "fatalError(\"impossible\")",
    "Task { await run() }",
    "let task = Task{ 1 }",
    "Task(priority: .high) { await run() }",
    "Task<Void, Never> { await run() }",
    "Task.detached { await run() }",
    "Task\n  .detached { await run() }",
    "usleep(10)",
    "Thread.sleep(forTimeInterval: 1)",
    "final class Box: @unchecked Sendable {}",
    "// unchecked\n\n\nfinal class Box: @unchecked Sendable {}",
    "let value = try? load()",
    "// far away\n\nlet value = try? load()",
    "let value = \"\\(try? load())\"",
  ])
  func findsForbiddenCode(source: String) {
    #expect(violations(source).count == 1, "\(violations(source))")
  }

  @Test(arguments: CodeRules.marks.sorted())
  func findsMarksOfUnfinishedWork(mark: String) {
    #expect(violations("let x = 1\n// \(mark): later").map(\.line) == [2])
    #expect(violations("let x = \"\(mark)\"").count == 1)
    #expect(violations("let methodFor\(mark)s = 1").isEmpty)
  }

  @Test(arguments: [
    "let value = try load()",
    "let isOff = try !isOn()",
    "let value = name as !Any",
    "let name = value as? String",
    "// a `try!` in words",
    "/* fatalError( /* nested */ Task { */",
    "let text = \"Task { try! JSONEncoder() }\"",
    "let text = #\"say \"try!\" \\(as!)\"#",
    "let text = \"\"\"\n  \"fatalError(\" and try!\n  \"\"\"",
    "try await Task.sleep(for: .seconds(1), clock: clock)",
    "try Task.checkCancellation()",
    "await withTaskGroup { group in group.addTask { await run() } }",
    "preconditionFailure(\"broken\")",
    "struct JSONEncoderSettings {}",
    "let sleep = busleep(1)",
    "// `@unchecked Sendable`: a lock\n// protects it\nfinal class Box: @unchecked Sendable {}",
    "final class Box: @unchecked Sendable {\n  // unchecked: written once in `init`",
    "let value = try? load()  // absence is the answer",
    "// absence is the answer\nlet value = try? load()",
  ])
  func leavesAllowedCodeAlone(source: String) {
    #expect(violations(source).isEmpty, "\(violations(source))")
  }

  @Test func onlyTheOneCodingMakesCoders() {
    let source = "let encoder = JSONEncoder()\nlet decoder = JSONDecoder()"
    let home = "Sources/ApplianceModel/Coding/ApplianceJSON.swift"
    #expect(violations(source, file: home).isEmpty)
    #expect(violations(source).map(\.line) == [1, 2])
  }

  @Test func readsOnBehindLiteralsAndComments() {
    let source = """
      let a = "open \\(b("x)") + "y") /* \\" */ end" // "
      let c = #"\\"# + "\\\\"
      let d = \"""
        " \\(f(try! e()))
        \"""
      /* /* " */ ' */ let g = h as! I
      """
    #expect(violations(source).map(\.line).sorted() == [4, 6])
  }

  @Test func countsLinesWithCarriageReturns() {
    #expect(violations("let a = 1\r\n\r\nlet b = try! c()\r\n").map(\.line) == [3])
  }

  @Test(arguments: ["struct", "enum", "actor", "protocol", "final class", "typealias"])
  func findsTypeNamedLikeItsModule(kind: String) {
    #expect(namesakes("public \(kind) Timeline {}").count == 1)
    #expect(namesakes("public \(kind) TimelineStore {}").isEmpty)
    #expect(namesakes("// the \(kind) Timeline").isEmpty)
  }

  @Test func readsTargetsOfTheManifest() throws {
    let manifest = """
      func layer(_ name: String) -> Target { .target(name: name, dependencies: []) }
      .systemLibrary(name: "CSodium", pkgConfig: "libsodium"),
      layer("Timeline", ["SodiumCrypto", .grdb]),
      .target(
        name: "Guardrails", dependencies: ["DesiredState"]),
      // layer("Gone", []),
      .executableTarget(name: "kafclaw", dependencies: ["Timeline"]),
      tests("TimelineTests", ["Timeline"]),
      """
    #expect(
      try Manifest.targets(in: manifest)
        == ["CSodium", "Timeline", "Guardrails", "kafclaw", "TimelineTests"])
  }

  private func violations(
    _ source: String, file: String = "Sources/Planted.swift"
  ) -> [Violation] {
    SourceRules.violations(target: "Timeline", file: file, source: source)
  }

  private func namesakes(_ source: String) -> [Violation] {
    SourceRules.namesakes(target: "Timeline", file: "Sources/Planted.swift", source: source)
  }
}
