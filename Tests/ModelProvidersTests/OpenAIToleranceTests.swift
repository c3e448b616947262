// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import ModelProviders

/// Deviations from the protocol that servers are known for.
struct OpenAIToleranceTests {
  private func read(_ stream: String) throws -> Completion {
    try completion(of: stream, OpenAIDecoder())
  }

  private func answer(_ deltas: String..., reason: String? = "tool_calls") throws -> Completion {
    try read(WireFixtures.chunks(deltas, reason: reason))
  }

  private func calls(_ calls: RequestedCall..., remark: String? = nil) -> Completion.Move {
    .calls(calls, remark: remark)
  }

  private static func fragment(
    _ index: Int?, id: String? = nil, name: String? = nil, _ arguments: String? = nil
  ) -> String {
    var function: [String: JSONValue] = [:]
    if let name { function["name"] = .string(name) }
    if let arguments { function["arguments"] = .string(arguments) }
    var call: [String: JSONValue] = ["function": .object(function)]
    if let index { call["index"] = .integer(Int64(index)) }
    if let id { call["id"] = .string(id) }
    return CanonicalJSON.text(["tool_calls": [.object(call)]])
  }

  private let a = RequestedCall(tool: "f", arguments: ["a": 1], reference: "x")
  private let b = RequestedCall(tool: "g", arguments: ["b": 2], reference: "y")

  @Test("line ends, comments and a missing end mark do not matter")
  func lines() throws {
    let stream = WireFixtures.openAITool
    let variants = [
      stream.replacing("\n", with: "\r\n"), stream.replacing("\n", with: "\r"),
      ": keep-alive\n\n" + stream.replacing("\n\n", with: "\n\n: OPENROUTER PROCESSING\n\n"),
      stream.replacing("data: [DONE]\n\n", with: ""), stream.replacing("data: ", with: "data:"),
      "\u{FEFF}" + stream,
    ]
    for variant in variants { #expect(try read(variant).move == WireFixtures.weather) }
  }

  @Test("numbers of tokens may be missing, null, in every chunk, or beyond all reason")
  func usage() throws {
    let text = #"{"content":"a"}"#
    #expect(try read(WireFixtures.chunks([text], reason: "stop")).usage == nil)
    let null = try read(WireFixtures.chunks([text], reason: "stop", usage: "null"))
    #expect(null.usage == nil)
    let some = try read(
      WireFixtures.chunks([text], reason: "stop", usage: #"{"prompt_tokens":3,"x":0.5}"#))
    #expect(some.usage == TokenUsage(input: 3, output: 0))
    let huge = try read(
      WireFixtures.chunks(
        [text], reason: "stop",
        usage: #"{"prompt_tokens":9223372036854775807,"completion_tokens":-5}"#))
    #expect(huge.usage == TokenUsage(input: 1 << 40, output: 0))
  }

  @Test("several calls come one after the other, or in one chunk, or mixed")
  func several() throws {
    let mixed = try answer(
      Self.fragment(0, id: "x", name: "f", ""), Self.fragment(1, id: "y", name: "g", "{\"b\""),
      Self.fragment(0, "{\"a\":1}"), Self.fragment(1, ":2}"))
    #expect(mixed.move == calls(a, b))
    let together = try answer(
      #"{"tool_calls":[{"index":0,"id":"x","function":{"name":"f","arguments":"{\"a\":1}"}},"#
        + #"{"index":1,"id":"y","function":{"name":"g","arguments":"{\"b\":2}"}}]}"#)
    #expect(together.move == calls(a, b))
  }

  @Test("without an index a new id, or a new name after a whole call, begins a call")
  func noIndex() throws {
    let ids = try answer(
      Self.fragment(nil, id: "x", name: "f", "{\"a\""), Self.fragment(nil, ":1}"),
      Self.fragment(nil, id: "y", name: "g", "{\"b\":2}"))
    #expect(ids.move == calls(a, b))
    let names = try answer(
      Self.fragment(nil, id: "", name: "f", "{\"a\":1}"),
      Self.fragment(nil, id: "", name: "g", "{\"b\":2}"))
    #expect(
      names.move
        == calls(
          RequestedCall(tool: "f", arguments: ["a": 1]),
          RequestedCall(tool: "g", arguments: ["b": 2])))
  }

  @Test("the same index for every call is told by the id")
  func sameIndex() throws {
    let got = try answer(
      Self.fragment(0, id: "x", name: "f", "{\"a\":1}"),
      Self.fragment(0, id: "y", name: "g", "{\"b\":2}"))
    #expect(got.move == calls(a, b))
  }

  @Test("a name and an id that are repeated stay one call")
  func repeated() throws {
    let got = try answer(
      Self.fragment(0, id: "x", name: "f", "{\"a\""), Self.fragment(0, id: "x", name: "f", ":1}"))
    #expect(got.move == calls(a))
  }

  @Test("an id may be empty, and may come late")
  func emptyID() throws {
    let empty = try answer(Self.fragment(0, id: "", name: "f", "{\"a\":1}"))
    #expect(empty.move == calls(RequestedCall(tool: "f", arguments: ["a": 1])))
    let late = try answer(Self.fragment(0, name: "f", "{\"a\""), Self.fragment(0, id: "x", ":1}"))
    #expect(late.move == calls(a))
  }

  @Test("no arguments are an empty object; others that are none come as text")
  func arguments() throws {
    for (text, value) in [
      ("", JSONValue.object([:])), ("{}", .object([:])), ("{", "{"), ("[1]", "[1]"), ("1", "1"),
      ("{\"a\":1.5}", "{\"a\":1.5}"),
      (String(repeating: "x", count: 500), .string(String(repeating: "x", count: 200))),
      (String(repeating: "[", count: 300), .string(String(repeating: "[", count: 200))),
    ] {
      let got = try answer(Self.fragment(0, id: "x", name: "f", text))
      #expect(
        got.move == calls(RequestedCall(tool: "f", arguments: value, reference: "x")))
    }
    let object = try answer(
      #"{"tool_calls":[{"index":0,"id":"x","function":{"name":"f","arguments":{"a":1}}}]}"#)
    #expect(object.move == calls(a))
  }

  @Test("what a model says beside its calls is kept")
  func remark() throws {
    let got = try answer(
      #"{"content":"Let me see"}"#, Self.fragment(0, id: "x", name: "f", "{\"a\":1}"))
    #expect(got.move == calls(a, remark: "Let me see"))
  }

  @Test("calls that end with stop are calls; an answer of parts is text")
  func reasons() throws {
    let stopped = try answer(Self.fragment(0, id: "x", name: "f", "{\"a\":1}"), reason: "stop")
    #expect(stopped.move == calls(a))
    let parts = try answer(
      #"{"content":[{"type":"text","text":"a"},{"text":"b"}]}"#, reason: "stop")
    #expect(parts.move == .reply("ab"))
    let refusal = try answer(#"{"refusal":"I cannot"}"#, reason: "stop")
    #expect(refusal.move == .reply("I cannot"))
    #expect(try answer(#"{"content":"a"}"#, reason: "eos").move == .reply("a"))
  }

  @Test("a cut call, a filter, an unknown end and no end are failures")
  func failures() throws {
    let call = Self.fragment(0, id: "x", name: "f", "{\"a\":1}")
    let reasons: [(String?, ModelFailure.Class)] = [
      ("length", .truncated), ("content_filter", .contentFilter), ("function_call", .malformed),
      (nil, .transient),
    ]
    for (reason, kind) in reasons {
      let failure = #expect(throws: ModelFailure.self) { try answer(call, reason: reason) }
      #expect(failure?.class == kind)
    }
    let noName = #expect(throws: ModelFailure.self) { try answer(Self.fragment(0, id: "x", "{}")) }
    #expect(noName?.class == .malformed)
    let empty = #expect(throws: ModelFailure.self) { try answer("{}", reason: "length") }
    #expect(empty?.class == .truncated)
    let cut = try answer(#"{"content":"a"}"#, reason: "length")
    #expect(cut.move == .reply("a"))
    #expect(cut.isCut)
  }

  @Test("a reason that forbids calls is not undone by a later one")
  func laterReason() throws {
    let call = Self.fragment(0, id: "x", name: "f", "{\"a\":1}")
    let first = WireFixtures.chunks([call], reason: "length").replacing(
      "data: [DONE]\n\n", with: "")
    let failure = #expect(throws: ModelFailure.self) {
      try read(first + WireFixtures.chunks([], reason: "tool_calls"))
    }
    #expect(failure?.class == .truncated)
  }

  @Test("fragments after the end, too many calls and unreadable lists are malformed")
  func malformed() throws {
    let call = Self.fragment(0, id: "x", name: "f", "{\"a\":1}")
    let ended = WireFixtures.chunks([call], reason: "stop").replacing("data: [DONE]\n\n", with: "")
    #expect(throws: MalformedAnswer.self) {
      try read(ended + WireFixtures.chunks([Self.fragment(0, "x")], reason: nil))
    }
    let many = (0...64).map { (index: Int) in
      Self.fragment(index, id: "i\(index)", name: "f", "{}")
    }
    #expect(throws: MalformedAnswer.self) {
      try read(WireFixtures.chunks(many, reason: "tool_calls"))
    }
    for delta in [#"{"tool_calls":[1]}"#, #"{"tool_calls":{}}"#, "7"] {
      #expect(throws: MalformedAnswer.self) { try answer(delta) }
    }
    #expect(throws: MalformedAnswer.self) { try read("data: {nonsense\n\n") }
  }

  @Test("an error in the middle of a stream is told with its kind")
  func errorLine() throws {
    let stream = WireFixtures.chunks([#"{"content":"a"}"#], reason: nil)
      .replacing(
        "data: [DONE]",
        with: #"data: {"error":{"message":"busy","type":"overloaded_error","code":503}}"#)
    let failure = #expect(throws: SaidFailure.self) { try read(stream) }
    #expect(
      failure?.description
        == ErrorDescription(type: "overloaded_error", message: "busy", status: 503))
  }
}
