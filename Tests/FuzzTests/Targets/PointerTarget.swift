// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Planning

/// JSON Pointers, and perhaps a document to look into as a second record of the input.
enum PointerTarget: FuzzTarget {
  static let name = "pointer"
  static let seeds =
    [
      "", "/", "/foo/0", "/a~1b", "/m~0n", "/foo/-", "/01", "//", "/~01", "/é/e\u{301}", "/~",
      "/foo/99999999999999999999", "x",
    ].map { Array($0.utf8) } + [
      Array(
        "/a/1/b~1c\u{1E}{\"a\":[0,{\"b/c\":[true,null],\"\":-1}],\"e\u{301}\":{\"é\":\"x\"}}".utf8)
    ]
  static let words = [
    "/", "~0", "~1", "~", "~2", "0", "1", "-", "01", "\u{301}", "\u{E9}", "e\u{301}", "\u{1F600}",
    "\u{1E}", "{\"", "\":", "[", "]", "}", ",", "\\u0000", "\\ud83d\\ude00", "\\\\", "null", "foo",
    "9223372036854775808", "\u{661}", "\u{0}",
  ]

  private static let document: JSONValue = [
    "foo": ["bar", ["baz": 1]], "": 0, "a/b": 1, "m~n": 8, "é": ["": [[]]], "0": "x", "-": [0],
  ]

  static func check(_ input: [UInt8]) -> String? {
    let records = input.records
    let text = String(decoding: records.first ?? [], as: UTF8.self)
    var documents = [document]
    // `try?`: a record that is no document is one that is not looked into.
    if records.count == 2,
      let other = try? ApplianceJSON.decode(JSONValue.self, from: records.last ?? [])
    {
      documents.append(other)
    }
    do {
      let pointer = try JSONPointer(parsing: text)
      return first(
        tokens(of: text) == pointer.tokens.map { Array($0.utf8) } ? nil : "read as \(pointer)",
        pointer.text.utf8.elementsEqual(text.utf8) ? nil : "written as \(pointer.text)",
        documents.lazy.compactMap { complaint(about: pointer, in: $0) }.first,
        documents.lazy.compactMap { places(in: $0) }.first)
    } catch let error as ApplianceError {
      guard error.code == .pointerMalformed, error.message.utf8.count < 1_000 else {
        return "refused with \(error)"
      }
      return tokens(of: text) == nil ? nil : "a pointer is refused"
    } catch {
      return "refused with \(error)"
    }
  }

  /// RFC 6901 §3 and §4 by hand; `nil` for what is no pointer.
  private static func tokens(of text: String) -> [[UInt8]]? {
    var tokens: [[UInt8]] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "/"): tokens.append([])
      case _ where tokens.isEmpty: return nil
      case UInt8(ascii: "~"):
        switch rest.popFirst() {
        case UInt8(ascii: "0"): tokens[tokens.count - 1].append(UInt8(ascii: "~"))
        case UInt8(ascii: "1"): tokens[tokens.count - 1].append(UInt8(ascii: "/"))
        default: return nil
        }
      default: tokens[tokens.count - 1].append(byte)
      }
    }
    return tokens
  }

  /// The value there is the one that a search through all members and items finds.
  private static func complaint(about pointer: JSONPointer, in root: JSONValue) -> String? {
    var expected: JSONValue? = root
    for token in pointer.tokens {
      switch expected {
      case .object(let members):
        expected = members.first { $0.key.utf8.elementsEqual(token.utf8) }?.value
      case .array(let items):
        expected =
          items.enumerated().first { "\($0.offset)".utf8.elementsEqual(token.utf8) }?.element
      default: expected = nil
      }
    }
    return pointer.value(in: root) == expected ? nil : "\(pointer.text) finds another value"
  }

  /// Each place of the document has a pointer, which leads there also when it is written.
  private static func places(in root: JSONValue) -> String? {
    var open: [(tokens: [String], value: JSONValue)] = [([], root)]
    for _ in 0..<64 {
      guard let (tokens, value) = open.popLast() else { return nil }
      let text = JSONPointer(tokens).text
      do {
        let back = try JSONPointer(parsing: text)
        guard back.value(in: root) == value else { return "\(text) does not lead back" }
      } catch {
        return "\(text) is refused: \(error)"
      }
      switch value {
      case .object(let members): open += members.map { (tokens + [$0.key], $0.value) }
      case .array(let items): open += items.enumerated().map { (tokens + ["\($0)"], $1) }
      default: break
      }
    }
    return nil
  }
}
