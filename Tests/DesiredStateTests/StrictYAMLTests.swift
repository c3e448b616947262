// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

/// Bytes that are no plain UTF-8 text, and documents built to cost much.
struct StrictYAMLTests {
  /// Where foreign bytes may stand in a document that is valid without them.
  struct Place: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let before: String
    let after: String

    func document(with bytes: [UInt8]) -> [UInt8] { Array(before.utf8) + bytes + Array(after.utf8) }

    /// The line on which the foreign bytes stand.
    var line: Int { before.utf8.count { $0 == UInt8(ascii: "\n") } + 1 }
  }

  static let places: [Place] = [
    Place(testDescription: "start", before: "", after: Documents.header),
    Place(
      testDescription: "key", before: "version: 1\nappli", after: "ance: {name: probe}\n"),
    Place(
      testDescription: "quoted value", before: "version: 1\nappliance: {name: \"pro",
      after: "be\"}\n"),
    Place(
      testDescription: "comment", before: "version: 1 # one", after: "\nappliance: {name: probe}\n"
    ),
    Place(testDescription: "far down", before: Documents.rich + "# the end", after: "\n"),
    Place(testDescription: "end", before: Documents.header, after: ""),
  ]

  /// RFC 3629: bytes that never occur, overlong forms, a surrogate, over U+10FFFF, cut short.
  static let malformed: [[UInt8]] = [
    [0xFF], [0xFE, 0xFF], [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF],
    [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE2, 0x82],
    [0xF0, 0x9F, 0x98],
  ]

  /// NUL and other controls, DEL, C1 controls, U+FFFE and U+FFFF.
  static let controls: [[UInt8]] = [
    [0x00], [0x01], [0x07], [0x08], [0x0B], [0x0C], [0x1B], [0x1F], [0x7F], [0xC2, 0x80],
    [0xC2, 0x9B], [0xEF, 0xBF, 0xBE], [0xEF, 0xBF, 0xBF],
  ]

  @Test(arguments: StrictYAMLTests.malformed + StrictYAMLTests.controls, StrictYAMLTests.places)
  func refusesBytesThatAreNoText(bytes: [UInt8], place: Place) {
    let issues = Documents.load(place.document(with: bytes)).issues
    #expect(issues.map(\.rule) == ["syntax"])
  }

  @Test(arguments: StrictYAMLTests.malformed + StrictYAMLTests.controls, StrictYAMLTests.places)
  func placesBytesThatAreNoTextOnTheirLine(bytes: [UInt8], place: Place) {
    let issues = Documents.load(place.document(with: bytes)).issues
    #expect(issues.map(\.line) == [place.line])
  }

  @Test(arguments: [Documents.header, "{version: 1, appliance: {name: probe}}\n", ""])
  func refusesAByteOrderMarkWhereItStands(text: String) {
    let issues = Documents.load([0xEF, 0xBB, 0xBF] + Array(text.utf8)).issues
    #expect(issues.map(\.summary) == ["1:1 syntax -"])
  }

  @Test func readsCarriageReturnsBeforeLineFeeds() throws {
    let windows = Documents.rich.split(separator: "\n", omittingEmptySubsequences: false)
      .joined(separator: "\r\n")
    let plain = try #require(Documents.load(Documents.rich).state)
    let state = try #require(Documents.load(windows).state)
    #expect(state == plain)
  }

  /// YAML 1.1 ends a line at these, reviewers' tools do not: what looks like a comment would count.
  @Test(arguments: ["\r", "\u{85}", "\u{2028}", "\u{2029}"])
  func refusesLineBreaksThatReviewersDoNotSee(lineBreak: String) {
    let document = Documents.header + "# see the wiki\(lineBreak)tools: {tiers: {owner: read}}\n"
    #expect(Documents.load(document).issues.map(\.rule) == ["syntax"])
  }

  /// What a double-quoted value can hold without any of the bytes above standing in the file.
  @Test(arguments: [#"\0"#, #"\a"#, #"\e"#, #"\n"#, #"\x7f"#, #"\x9b"#, #"\N"#, #"\L"#, #"\u202e"#])
  func refusesEscapedControlCharacters(escape: String) {
    let document = "version: 1\nappliance: {name: \"pro\(escape)be\"}\n"
    #expect(Documents.load(document).issues.map(\.summary) == ["2:19 type appliance.name"])
  }

  @Test func readsAFileOfOneMebibyteAndNoMore() {
    let rest = SourceLimits.fileBytes - Documents.header.utf8.count - 3
    let full = Documents.header + "# " + String(repeating: "x", count: rest) + "\n"
    #expect(full.utf8.count == SourceLimits.fileBytes)
    #expect(Documents.load(full).state != nil)
    #expect(Documents.load(full + "\n").issues.map(\.summary) == ["1:1 syntax -"])
  }

  @Test func readsAScalarOf256KibibytesAndNoMore() {
    func document(_ count: Int) -> String {
      let owner = String(repeating: "o", count: count)
      return "version: 1\nappliance: {name: probe, incidentOwner: \(owner)}\n"
    }
    #expect(Documents.load(document(SourceLimits.scalarBytes)).state != nil)
    let issues = Documents.load(document(SourceLimits.scalarBytes + 1)).issues
    #expect(issues.map(\.summary) == ["2:41 syntax -"])
  }

  @Test func countsThirtyTwoLevelsAndNoMore() {
    func summaries(_ depth: Int) -> [String] {
      let lists = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      return Documents.load(Documents.header + "guardrails: \(lists)\n").issues.map(\.summary)
    }
    #expect(summaries(32) == ["3:14 type guardrails[0]"])
    #expect(summaries(33) == ["3:45 syntax -"])
  }

  @Test(arguments: ["[", "{a: ", "- ", "? ", "[{"])
  func refusesAHundredThousandLevels(opening: String) {
    let nested = String(repeating: opening, count: 100_000)
    #expect(Documents.load("providers:\n  " + nested).issues.map(\.rule) == ["syntax"])
  }

  /// Nine levels of nine: 9⁹ values if aliases were followed.
  @Test func refusesBillionLaughsWithoutExpandingThem() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
    var document = Documents.header
    for (index, name) in names.enumerated() {
      let item = index == 0 ? "lol" : "*\(names[index - 1])"
      let items = [String](repeating: item, count: 9).joined(separator: ", ")
      document += "\(name): &\(name) [\(items)]\n"
    }
    let syntax = Documents.load(document).issues.filter { $0.rule == "syntax" }
    #expect(syntax.count == 9 + 8 * 9)
    #expect(syntax.filter { $0.column == 4 }.map(\.line) == Array(3...11))
  }
}
