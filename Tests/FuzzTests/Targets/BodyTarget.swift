// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import GatewayAPI

/// JSON bodies of the HTTP API, both ways, and JSON of any form.
enum BodyTarget: FuzzTarget {
  static let name = "body"
  static let seeds =
    [
      #"{"message":"hello"}"#,
      #"{"message":"h\u00e9llo \ud83d\ude00\n","session":"room:1","sender":"U024BE7LH"}"#,
      #"{"message":"","session":null,"sender":"a b","more":[1,-0,1e2,1.0,true]}"#,
      #"{"type":"urn:kafclaw:problem:x","title":"T","status":400,"detail":"d/e"}"#,
      #"[[[{"a":{"b":[]}}]],9223372036854775807,-9223372036854775808,0.5,"\u0000\u2028"]"#,
      #"{"id":"0198","state":"answered","traceID":"t","session":"s","reply":"r","#
        + #""usage":{"input":1,"output":2}}"#,
      String(repeating: "[", count: 64) + String(repeating: "]", count: 64), "",
      // A step before and beyond each rule of a request.
      #"{"message":"a\u0000b"}"#,
      #"{"message":"a","session":"a b"}"#, #"{"message":"a","session":"\u00e9"}"#,
      #"{"message":"a","session":"\#(String(repeating: "s", count: 128))"}"#,
      #"{"message":"a","session":"\#(String(repeating: "s", count: 129))"}"#,
      #"{"message":"a","sender":"a b"}"#, #"{"message":"a","sender":"a\u007f"}"#,
      #"{"message":"a","sender":"\#(String(repeating: "s", count: 255))"}"#,
      #"{"message":"a","sender":"\#(String(repeating: "s", count: 256))"}"#,
    ].map { Array($0.utf8) } + wide

  /// UTF-16, in which U+2200 has a byte that looks like the quote of a text.
  private static let wide = ["\"a\"", "[\"\u{2200}\", \(deep)]"].map { text in
    text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
  }
  private static let deep = String(repeating: "[", count: 80) + String(repeating: "]", count: 80)

  static let words = [
    "{\"message\":\"", "\"session\":", "\"sender\":", "\"reply\":", "\"usage\":", "\"input\":",
    "\"status\":", "\"title\":", "\"type\":", "\\u0000", "\\ud800", "\\udc00", "\\\"", "\\\\",
    "\\/",
    "null", "true", "1e400", "-0", "0.1", "9223372036854775808", "[[[[", "]]]]", "{\"a\":", "}}}}",
    "\u{FEFF}", "\u{301}", "\u{2028}", "//", "/*", "NaN", "'", ",", ":", "  ", "\r\n",
  ]

  /// As small as tests can be quick about. Bytes.
  private static let limit = 1 << 10

  static func check(_ input: [UInt8]) -> String? {
    first(
      chat(input), fixpoint(ChatResponse.self, input), fixpoint(MessageResponse.self, input),
      fixpoint(Problem.self, input), value(input))
  }

  private static func chat(_ input: [UInt8]) -> String? {
    first(
      fixpoint(ChatRequest.self, input),
      decoded(ChatRequest.self, input).flatMap { request in
        request.problem == nil ? complaint(about: request) : nil
      })
  }

  /// The rules that a request without a problem keeps.
  private static func complaint(about request: ChatRequest) -> String? {
    let message = Array(request.message.utf8)
    guard !message.isEmpty, message.count <= 65_536, !message.contains(0) else {
      return "a message of \(message.count) bytes is no problem"
    }
    let marks = Set(".:_-".utf8)
    let isSession = request.session.map { session in
      (1...128).contains(session.utf8.count)
        && session.unicodeScalars.allSatisfy { scalar in
          scalar.isASCII
            && (scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
              || marks.contains(UInt8(scalar.value)))
        }
    }
    guard isSession != false else { return "\(request.session ?? "") is a session" }
    let isSender = request.sender.map { sender in
      (1...255).contains(sender.utf8.count)
        && sender.unicodeScalars.allSatisfy { ("!"..."~").contains($0) }
    }
    return isSender == false ? "\(request.sender ?? "") is a sender" : nil
  }

  /// Any JSON: its canonical bytes mean the same, and it is as flat as it has to be.
  private static func value(_ input: [UInt8]) -> String? {
    guard let value = decoded(JSONValue.self, input) else { return refusal(JSONValue.self, input) }
    guard value.depth <= ApplianceJSON.depthLimit else { return "\(value.depth) levels are read" }
    let bytes = CanonicalJSON.bytes(value)
    let again = decoded(JSONValue.self, bytes)
    guard again == value, again.map(CanonicalJSON.bytes) == bytes else {
      return "canonical bytes mean another value: \(String(decoding: bytes, as: UTF8.self))"
    }
    return first(fixpoint(JSONValue.self, input))
  }

  /// What was read is written as something that reads the same and is written the same.
  private static func fixpoint<Body: Codable & Equatable>(
    _ type: Body.Type, _ input: [UInt8]
  ) -> String? {
    guard let body = decoded(type, input) else { return refusal(type, input) }
    do {
      let bytes = try ApplianceJSON.encode(body)
      let again = try ApplianceJSON.decode(type, from: bytes)
      let written = try ApplianceJSON.encode(again)
      guard again == body, written == bytes else {
        return "\(type) is another one when it is written and read"
      }
    } catch {
      return "\(type) is read and cannot be written: \(error)"
    }
    // `try?`: a refusal is the answer that is asked for.
    let small = try? ApplianceJSON.decode(type, from: input, limit: limit)
    return (small == nil) == (input.count > limit) ? nil : "the limit does not count for \(type)"
  }

  /// Bodies are refused in one way, in words that quote nothing.
  private static func refusal<Body: Decodable>(_ type: Body.Type, _ input: [UInt8]) -> String? {
    do {
      _ = try ApplianceJSON.decode(type, from: input)
      return "\(type) is read the second time only"
    } catch let error as ApplianceError {
      let isShort = error.message.utf8.count < 4_000 && !SecretPattern.matches(error.message)
      return error.code == .malformed && isShort ? nil : "\(type) is refused with \(error)"
    } catch {
      return "\(type) is refused with \(error)"
    }
  }

  private static func decoded<Body: Decodable>(_ type: Body.Type, _ input: [UInt8]) -> Body? {
    // `try?`: ``refusal(_:_:)`` looks at the error.
    try? ApplianceJSON.decode(type, from: input)
  }
}
