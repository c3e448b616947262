// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Testing

/// Lines of an `env` file, and what is left when some are taken out.
struct EnvironmentFileTests {
  private func file(_ text: String) -> EnvironmentFile { EnvironmentFile(Array(text.utf8)) }

  private func text(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  static let assignments: [(line: String, name: String, value: String)] = [
    ("A=b", "A", "b"), ("A=", "A", ""), ("A=b=c=", "A", "b=c="), (" \t A=b", "A", "b"),
    ("export A=b", "A", "b"), ("export   A=b", "A", "b"), ("  export \tA=b", "A", "b"),
    ("export=b", "export", "b"), ("exportA=b", "exportA", "b"),
    ("A=b \t ", "A", "b"), ("A=b\r", "A", "b"), ("A= b", "A", " b"),
    ("A=\"b\"", "A", "b"), ("A='b'", "A", "b"), ("A=\" b \"  ", "A", " b "),
    ("A=\"b'", "A", "\"b'"),
    ("A=\"", "A", "\""), ("A=\"\"", "A", ""), ("A=\"b\"c\"", "A", "b\"c"), ("A=b\"", "A", "b\""),
    ("A=\"b\" # c", "A", "\"b\" # c"), ("A=b # c", "A", "b # c"), ("A=b\\", "A", "b\\"),
    ("A=$B ${C} `d`", "A", "$B ${C} `d`"), ("A.B-C/d=e", "A.B-C/d", "e"), ("A(b)=c", "A(b)", "c"),
    ("A==", "A", "="), ("A=zoë", "A", "zoë"), ("A=b\0c", "A", "b\0c"),
  ]

  @Test(arguments: EnvironmentFileTests.assignments)
  func readsAssignments(line: String, name: String, value: String) throws {
    for end in ["", "\n"] {
      let file = file(line + end)
      let found = try #require(file.lines.first?.assignment)
      #expect(file.lines.count == 1)
      #expect(found.name == name)
      #expect(text(file.bytes(in: found.value)) == value)
      #expect(file.value(of: name).map { text($0) } == (value.isEmpty ? nil : value))
    }
  }

  @Test(arguments: ["", " ", "\t \r"])
  func readsBlankLines(line: String) {
    #expect(file(line + "\n").lines.map(\.content) == [.blank])
  }

  @Test(arguments: ["#", "# A=b", "  #A=b", "export #A=b", "#!\0\u{FF}"])
  func readsComments(line: String) {
    #expect(file(line + "\n").lines.map(\.content) == [.comment])
  }

  @Test(arguments: [
    "A", "=b", " = b", "A =b", "A B=c", "export", "export A", "export =b", "export A B=c",
    "export\tA=b", "zoë=b", "\u{FEFF}A=b", "A\0=b", "A: b", "-----BEGIN PRIVATE KEY-----",
  ])
  func tellsMalformedLines(line: String) {
    let file = file("A=b\n\(line)\n#\n")
    #expect(file.malformed.map(\.number) == [2])
  }

  @Test func anEmptyFileHasNoLines() {
    #expect(file("").lines == [])
    #expect(file("").without(["A"]) == [])
  }

  @Test func theFirstValueThatIsNotEmptyCounts() {
    let file = file("A=\nA=''\nB=1\nA=first\nA=second\n")
    #expect(file.value(of: "A").map { text($0) } == "first")
    #expect(file.value(of: "C") == nil)
    #expect(file.value(of: "") == nil)
  }

  @Test func tellsNamesThatStandMoreThanOnce() {
    let repeated = file("B=1\nA=\nC=2\nexport A='x'\n# A=3\nB=1\nA=2\n").repeated
    #expect(repeated.map(\.name) == ["B", "A"])
    #expect(repeated.map(\.lines) == [[1, 6], [2, 4, 7]])
  }

  @Test func takesOutAllLinesOfANameAndNoOther() {
    let file = file("# A=1\r\nA=1\r\n\r\n  export A = 2\n export A='3'\nAA=4\nmalformed\nB=5\nA=6")
    #expect(
      text(file.without(["A"])) == "# A=1\r\n\r\n  export A = 2\nAA=4\nmalformed\nB=5\n")
    #expect(text(file.without(["B", "AA"])).contains("malformed\nA=6"))
    #expect(file.without([]) == file.bytes)
    #expect(file.without(["a", "C", ""]) == file.bytes)
  }

  @Test func keepsAnEndWithoutLineFeed() {
    #expect(text(file("A=1\nB=2").without(["A"])) == "B=2")
    #expect(text(file("A=1\nB=2").without(["B"])) == "A=1\n")
    #expect(text(file("A=1").without(["A"])) == "")
  }

  @Test func overwritesItsBytes() {
    var file = file("A=1\n")
    file.wipe()
    #expect(file.bytes == [])
    #expect(file.lines == [])
    #expect(file.value(of: "A") == nil)
  }

  @Test func rangesOfAnotherFileDoNoHarm() throws {
    let long = file("A=\(String(repeating: "x", count: 100))\n")
    let line = try #require(long.lines.first)
    #expect(file("A=1").bytes(in: line.range).count == 3)
    #expect(file("").bytes(in: line.range).isEmpty)
    #expect(file("").bytes(in: 50..<60).isEmpty)
  }

  @Test func aFileThatIsNotThereIsNone() throws {
    let folder = try TemporaryFolder()
    #expect(try EnvironmentFile.read(folder("env")) == nil)
    try folder.put("A=1\n", in: "env")
    #expect(try EnvironmentFile.read(folder("env"))?.value(of: "A").map { text($0) } == "1")
  }

  @Test func aFileThatIsTooLongIsNotRead() throws {
    let folder = try TemporaryFolder()
    let bytes = [UInt8](repeating: UInt8(ascii: "#"), count: EnvironmentFile.sizeLimit + 1)
    try folder.put(bytes: bytes, in: "env")
    let error = #expect(throws: ApplianceError.self) { try EnvironmentFile.read(folder("env")) }
    #expect(error?.code == .fileTooLarge)
  }

  /// Whatever the bytes are: lines lie end to end, and a name that is taken out is the only thing
  /// that is gone.
  @Test func anyBytesAreRead() {
    let seed = Self.seed()
    var generator = Generator(state: seed)
    for round in 0..<4_000 {
      let bytes = generator.bytes()
      let file = EnvironmentFile(bytes)
      let comment = Comment("seed \(seed), round \(round)")
      #expect(file.lines.flatMap { Array(file.bytes(in: $0.range)) } == bytes, comment)
      #expect(
        file.lines.map(\.number) == Array(1...max(1, file.lines.count)).suffix(file.lines.count))
      #expect(file.without([]) == bytes, comment)
      let names = Set(file.lines.compactMap { $0.assignment?.name })
      #expect(
        EnvironmentFile(file.without(names)).lines.allSatisfy { $0.assignment == nil }, comment)
      guard let gone = names.randomElement(using: &generator) else { continue }
      let rest = EnvironmentFile(file.without([gone]))
      let kept = file.lines.filter { $0.assignment?.name != gone }
      #expect(rest.value(of: gone) == nil, comment)
      #expect(rest.lines.map(\.content.kind) == kept.map(\.content.kind), comment)
      #expect(rest.bytes == kept.flatMap { Array(file.bytes(in: $0.range)) }, comment)
      for name in names where name != gone {
        #expect(
          rest.value(of: name).map(Array.init) == file.value(of: name).map(Array.init), comment)
      }
    }
  }

  /// What the reader of single lines did, which had to find the line itself.
  @Test func resolvesAsALineByLineReaderWould() {
    let seed = Self.seed()
    var generator = Generator(state: seed)
    for round in 0..<4_000 {
      let bytes = generator.bytes()
      let file = EnvironmentFile(bytes)
      for name in ["A", "B_TOKEN", "C"] {
        #expect(
          file.value(of: name).map(Array.init) == Self.naive(name, in: bytes),
          "seed \(seed), round \(round), \(name)")
      }
    }
  }

  private static func naive(_ name: String, in bytes: [UInt8]) -> [UInt8]? {
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      var rest = Array(line.drop { [0x20, 0x09, 0x0D].contains($0) })
      if rest.starts(with: "export ".utf8) {
        rest = Array(rest.dropFirst(7).drop { [0x20, 0x09, 0x0D].contains($0) })
      }
      guard rest.starts(with: "\(name)=".utf8) else { continue }
      var value = Array(rest.dropFirst(name.utf8.count + 1))
      while let last = value.last, [0x20, 0x09, 0x0D].contains(last) { value.removeLast() }
      if value.count > 1, let first = value.first, first == value.last,
        [0x22, 0x27].contains(first)
      {
        value = Array(value.dropFirst().dropLast())
      }
      if !value.isEmpty { return value }
    }
    return nil
  }

  /// A new one for every run, printed; `KAFCLAW_TEST_SEED` repeats one.
  private static func seed(_ test: String = #function) -> UInt64 {
    let given = ProcessInfo.processInfo.environment["KAFCLAW_TEST_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 1...UInt64.max)
    print("\(test): KAFCLAW_TEST_SEED=\(seed)")
    return seed
  }
}

extension EnvironmentFile.Line.Content {
  fileprivate var kind: String {
    switch self {
    case .blank: "blank"
    case .comment: "comment"
    case .malformed: "malformed"
    case .assignment(let found): found.name
    }
  }
}

/// Bytes that often are nearly an `env` file (xorshift, Marsaglia 2003).
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  private static let parts: [[UInt8]] =
    [
      "A", "B_TOKEN", "C", "=", "=", "=", "\n", "\n", "\r\n", " ", "\t", "export ", "#", "'", "\"",
      "\\", "value", "\0",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xEF, 0xBB, 0xBF], [0x80]]

  mutating func bytes() -> [UInt8] {
    let count = Int.random(in: 0...60, using: &self)
    if Int.random(in: 0...9, using: &self) == 0 {
      return (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
    var bytes: [UInt8] = []
    for _ in 0..<count { bytes += Self.parts.randomElement(using: &self) ?? [] }
    return bytes
  }
}
