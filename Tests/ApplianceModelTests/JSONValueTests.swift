// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

/// Values between JSON texts and the program.
struct JSONValueTests {
  static let values: [JSONValue] = [
    .null, true, false, 0, -1, .integer(.max), .integer(.min), "", "true", "null", "1", "a\"b\\c",
    "\u{0}\u{1F}\u{7F}\u{2028}", "ö 😀", "https://example.org/a", [], [:], [.null, [], [:]],
    ["": "", "a.b": ["c": [1, "2", true]], "ö": .null],
  ]

  @Test(arguments: JSONValueTests.values, [false, true])
  func valuesSurviveCoding(value: JSONValue, pretty: Bool) throws {
    let bytes = try ApplianceJSON.encode(value, pretty: pretty)
    let back = try ApplianceJSON.decode(JSONValue.self, from: bytes)
    #expect(back == value)
  }

  @Test(arguments: JSONValueTests.values)
  func canonicalBytesAreJSON(value: JSONValue) throws {
    let back = try ApplianceJSON.decode(JSONValue.self, from: CanonicalJSON.bytes(value))
    #expect(back == value)
  }

  @Test("a member that is named twice is seen, however it is written")
  func repeatedMembers() throws {
    for text in [
      #"{"a":1,"a":1}"#, #"{"a":{"b":[{"c":1,"c":2}]}}"#, #"{"a":1,"\u0061":2}"#,
      #"{"x":":","x":"\":"}"#,
    ] {
      #expect(try ApplianceJSON.repeatsMembers(Array(text.utf8)), "\(text)")
    }
    for text in [
      #"{"a":":","b":"\":"}"#, #"{"a":{"b":1},"c":{"b":1}}"#, "[]", #"[{"a":1},{"a":1}]"#,
    ] {
      #expect(try !ApplianceJSON.repeatsMembers(Array(text.utf8)), "\(text)")
    }
  }

  @Test func typesStayApart() {
    #expect(JSONValue.bool(true) != .integer(1))
    #expect(JSONValue.integer(1) != .string("1"))
    #expect(JSONValue.null != .string("null"))
    #expect(JSONValue.null != .object([:]))
  }

  /// The same letters in two spellings: `ö`, and `o` with a combining diaeresis.
  @Test func equalValuesHaveEqualBytes() {
    let pairs: [(JSONValue, JSONValue)] = [
      ("\u{F6}", "o\u{308}"), (["\u{F6}"], ["o\u{308}"]), (["\u{F6}": 1], ["o\u{308}": 1]),
    ]
    for (one, other) in pairs {
      #expect((one == other) == (CanonicalJSON.bytes(one) == CanonicalJSON.bytes(other)))
    }
  }

  @Test(arguments: [
    "1.5", "1e-3", "9223372036854775808", "-9223372036854775809", "[1, 0.5]", "{\"a\": 1.25}",
  ])
  func refusesNumbersThatAreNotWhole(text: String) {
    let error = #expect(throws: ApplianceError.self) {
      try ApplianceJSON.decode(JSONValue.self, from: text.utf8)
    }
    #expect(error?.code == .malformed)
  }

  @Test(arguments: [
    "", " ", "{", "[1,", "{\"a\"}", "tru", "hunter2", "\"hunter2", "[] []",
  ])
  func refusesWhatIsNoJSONWithoutQuotingIt(text: String) {
    let error = #expect(throws: ApplianceError.self) {
      try ApplianceJSON.decode(JSONValue.self, from: text.utf8)
    }
    #expect(error?.code == .malformed)
    #expect(error?.message.contains("hunter2") == false)
  }

  @Test func wrongTypeIsNamedByItsPlaceAndNotQuoted() {
    let text = #"{"input": 1, "output": "hunter2"}"#
    let error = #expect(throws: ApplianceError.self) {
      try ApplianceJSON.decode(TokenUsage.self, from: text.utf8)
    }
    #expect(error?.message.contains("output") == true)
    #expect(error?.message.contains("hunter2") == false)
  }

  @Test func documentsOverTheLimitAreNotRead() throws {
    let value = try ApplianceJSON.decode(JSONValue.self, from: "[1,2]".utf8, limit: 5)
    #expect(value == JSONValue.array([1, 2]))
    let error = #expect(throws: ApplianceError.self) {
      try ApplianceJSON.decode(JSONValue.self, from: "[1,2]".utf8, limit: 4)
    }
    #expect(error?.code == .malformed)
  }

  @Test func codingSortsKeysAndLeavesSlashes() throws {
    let value: JSONValue = ["b": "a/b", "a": 1]
    let bytes = try ApplianceJSON.encode(value)
    #expect(String(decoding: bytes, as: UTF8.self) == #"{"a":1,"b":"a/b"}"#)
  }

  @Test func membersAreFoundByTypeOnly() {
    let value: JSONValue = ["text": "a", "number": 7, "flag": true, "list": [1], "map": ["a": 1]]
    #expect(value["text"]?.stringValue == "a")
    #expect(value["number"]?.integerValue == 7)
    #expect(value["flag"]?.boolValue == true)
    #expect(value["list"]?.arrayValue?.count == 1)
    #expect(value["map"]?.objectValue?.count == 1)
    #expect(value["text"]?.integerValue == nil)
    #expect(value["number"]?.stringValue == nil)
    #expect(value["flag"]?.integerValue == nil)
    #expect(value["list"]?.objectValue == nil)
    #expect(value["map"]?.arrayValue == nil)
    #expect(value["missing"] == nil)
    #expect(value["text"]?["inner"] == nil)
  }
}
