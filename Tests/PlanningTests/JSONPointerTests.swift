// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Planning

/// JSON Pointer as RFC 6901 has it, on any input.
struct JSONPointerTests {
  /// The document of section 5 of the RFC.
  private static let document: JSONValue = [
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6,
    " ": 7, "m~n": 8,
  ]

  static let examples: [(String, JSONValue)] = [
    ("", document), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1),
    ("/c%d", 2), ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5), ("/k\"l", 6), ("/ ", 7), ("/m~0n", 8),
  ]

  @Test(arguments: JSONPointerTests.examples)
  func examplesOfTheRFC(text: String, value: JSONValue) throws {
    let pointer = try JSONPointer(parsing: text)
    #expect(pointer.value(in: Self.document) == value)
    #expect(pointer.text == text)
  }

  @Test(arguments: [
    "/foo/2", "/foo/-", "/foo/01", "/foo/+1", "/foo/-1", "/foo/1e0", "/foo/ 1", "/foo/",
    "/foo/99999999999999999999999999", "/foo/٣", "/foo/0/0", "/nope", "//", "/a/b", "/m~0n/x",
  ])
  func whatIsNotThereIsNothing(text: String) throws {
    #expect(try JSONPointer(parsing: text).value(in: Self.document) == nil)
  }

  @Test(arguments: ["foo", " /", "#/foo", "~", "/~", "/~2", "/a~", "/~/", "/a~b", "é/"])
  func otherTextIsRefused(text: String) {
    let error = #expect(throws: ApplianceError.self) { try JSONPointer(parsing: text) }
    #expect(error?.code == .pointerMalformed)
    #expect(error?.message.contains("\"\(text)\"") == true)
  }

  @Test func errorShowsNoMoreThanItsStartAndNothingInvisible() {
    let text = "\u{1B}" + String(repeating: "x", count: 10_000)
    let error = #expect(throws: ApplianceError.self) { try JSONPointer(parsing: text) }
    #expect((error?.message.count ?? .max) < 200)
    #expect(error?.message.contains("\u{1B}") == false)
  }

  /// A slash with a combining mark is one character to Swift and two code points to the RFC.
  @Test func marksDoNotHideSlashesAndTildes() throws {
    let pointer = JSONPointer(["a/\u{301}b", "~\u{301}"])
    #expect(pointer.text.utf8.elementsEqual("/a~1\u{301}b/~0\u{301}".utf8))
    let back = try JSONPointer(parsing: "/a~1\u{301}b/\u{301}c")
    #expect(
      back.tokens.map { Array($0.utf8) } == ["a/\u{301}b", "\u{301}c"].map { Array($0.utf8) })
  }

  @Test func namesAreComparedByCodePoints() throws {
    let document: JSONValue = ["\u{E9}": 1]
    #expect(JSONPointer(["\u{E9}"]).value(in: document) == 1)
    #expect(JSONPointer(["e\u{301}"]).value(in: document) == nil)
  }

  @Test func anyTextIsAPointerOrAnError() throws {
    let seed = SplitMix64.seed(of: "JSON pointers")
    var random = SplitMix64(seed: seed)
    let alphabet: [Unicode.Scalar] = [
      "/", "~", "0", "1", "a", "-", "\u{301}", "\u{0}", "é", "\u{1F600}", "9",
    ]
    var parsed = 0
    for _ in 1...10_000 {
      var text = ""
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        text.unicodeScalars.append(alphabet.randomElement(using: &random) ?? "/")
      }
      // `try?`: that a text is no pointer is one of the two answers.
      guard let pointer = try? JSONPointer(parsing: text) else { continue }
      parsed += 1
      _ = pointer.value(in: Self.document)
      #expect(pointer.text.utf8.elementsEqual(text.utf8), "seed \(seed), \(text.utf8.map { $0 })")
    }
    #expect(parsed > 100)
  }

  @Test func longPointersAreRead() throws {
    let text = String(repeating: "/0", count: 200_000)
    let pointer = try JSONPointer(parsing: text)
    #expect(pointer.tokens.count == 200_000)
    #expect(pointer.value(in: [[0]]) == nil)
  }
}
