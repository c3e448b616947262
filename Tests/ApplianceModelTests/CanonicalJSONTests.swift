// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

/// RFC 8785, for values without floating point.
struct CanonicalJSONTests {
  /// RFC 8785 §3.2.2, without its member `numbers`.
  @Test func writesTheExampleOfTheStandard() throws {
    let text = #"""
      {
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
      }
      """#
    let value = try ApplianceJSON.decode(JSONValue.self, from: text.utf8)
    let canonical = #"{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
    #expect(CanonicalJSON.text(value) == canonical)
  }

  /// RFC 8785 §3.2.3.
  @Test func sortsMembersByCodeUnits() throws {
    let text = #"""
      {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis"
      }
      """#
    let value = try ApplianceJSON.decode(JSONValue.self, from: text.utf8)
    let canonical = [
      #""\r":"Carriage Return""#, #""1":"One""#, "\"\u{80}\":\"Control\"",
      "\"\u{F6}\":\"Latin Small Letter O With Diaeresis\"", "\"\u{20AC}\":\"Euro Sign\"",
      "\"\u{1F600}\":\"Emoji: Grinning Face\"",
      "\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"",
    ]
    let bytes = Array("{\(canonical.joined(separator: ","))}".utf8)
    #expect(CanonicalJSON.bytes(value) == bytes)
  }

  @Test func sortsPrefixesFirstAndCapitalsBeforeSmallLetters() {
    let value: JSONValue = ["b": 1, "a": 2, "aa": 3, "B": 4, "": 5, "a.b": 6, "a b": 7]
    #expect(CanonicalJSON.text(value) == #"{"":5,"B":4,"a":2,"a b":7,"a.b":6,"aa":3,"b":1}"#)
  }

  @Test func writesNoWhiteSpace() {
    let value: JSONValue = ["list": [1, [2, []], [:], ["key": .null]], "flag": false]
    #expect(CanonicalJSON.text(value) == #"{"flag":false,"list":[1,[2,[]],{},{"key":null}]}"#)
  }

  @Test(arguments: [
    ("\"", #""\"""#), ("\\", #""\\""#), ("\u{8}", #""\b""#), ("\t", #""\t""#), ("\n", #""\n""#),
    ("\u{C}", #""\f""#), ("\r", #""\r""#), ("\r\n", #""\r\n""#), ("\0", #""\u0000""#),
    ("\u{1}", #""\u0001""#), ("\u{B}", #""\u000b""#), ("\u{1B}", #""\u001b""#),
    ("\u{1F}", #""\u001f""#),
  ])
  func writesTheShortestEscape(text: String, canonical: String) {
    #expect(CanonicalJSON.text(.string(text)) == canonical)
  }

  @Test(arguments: ["/", "'", "<", "&", "\u{7F}", "\u{80}", "\u{2028}", "ö", "o\u{308}", "😀"])
  func writesEverythingElseAsItIs(text: String) {
    #expect(CanonicalJSON.bytes(.string(text)) == Array("\"\(text)\"".utf8))
  }

  @Test(arguments: [0, 1, -1, 10, 9_007_199_254_740_993, Int64.max, Int64.min])
  func writesIntegersInFull(number: Int64) {
    #expect(CanonicalJSON.text(.integer(number)) == "\(number)")
  }

  @Test func isItsOwnCanonicalForm() throws {
    let value: JSONValue = ["ö": ["\u{1F600}", "\r\n", .null, -7], "\u{FB33}": [:], "1": true]
    let bytes = CanonicalJSON.bytes(value)
    let back = try ApplianceJSON.decode(JSONValue.self, from: bytes)
    #expect(back == value)
    #expect(CanonicalJSON.bytes(back) == bytes)
  }
}
