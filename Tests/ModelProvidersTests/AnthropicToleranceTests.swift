// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import ModelProviders

/// Messages that differ from the common ones.
struct AnthropicToleranceTests {
  private func read(_ stream: String) throws -> Completion {
    try completion(of: stream, AnthropicDecoder())
  }

  private func changed(_ text: String, _ other: String) throws -> Completion {
    #expect(WireFixtures.anthropicTools.contains(text))
    return try read(WireFixtures.anthropicTools.replacing(text, with: other))
  }

  @Test("line ends, missing names of events and a missing last event do not matter")
  func lines() throws {
    let stream = WireFixtures.anthropicTools
    let whole = try read(stream)
    for variant in [
      stream.replacing("\n", with: "\r\n"),
      stream.replacing("event: content_block_start\n", with: ""),
      stream.replacing(#"{"type":"message_stop"}"#, with: #"{"type":"ping"}"#),
    ] {
      #expect(try read(variant) == whole)
    }
  }

  @Test(
    "why a model stopped decides",
    arguments: [
      ("max_tokens", ModelFailure.Class.truncated), ("refusal", .contentFilter),
      ("pause_turn", .malformed), ("model_context_window_exceeded", .truncated),
    ])
  func reasons(reason: String, kind: ModelFailure.Class) throws {
    let failure = #expect(throws: ModelFailure.self) {
      try changed(#""stop_reason":"tool_use""#, #""stop_reason":"\#(reason)""#)
    }
    #expect(failure?.class == kind)
  }

  @Test("a block without its end is never a call")
  func openBlock() throws {
    let failure = #expect(throws: ModelFailure.self) {
      try changed(#"{"type":"content_block_stop","index":3}"#, #"{"type":"ping"}"#)
    }
    #expect(failure?.class == .malformed)
  }

  @Test("arguments after the end of a block are malformed")
  func lateArguments() throws {
    let late =
      #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","#
      + #""partial_json":"x"}}"#
    #expect(throws: MalformedAnswer.self) {
      try changed(
        #"{"type":"content_block_stop","index":3}"#,
        late + "\n\ndata: " + #"{"type":"content_block_stop","index":3}"#)
    }
  }

  @Test("an error event after status 200 is told with its kind")
  func errorEvent() throws {
    let failure = #expect(throws: SaidFailure.self) {
      try changed(
        #"{"type":"message_stop"}"#,
        #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)
    }
    #expect(
      failure?.description == ErrorDescription(type: "overloaded_error", message: "Overloaded"))
  }

  @Test("a tool's arguments with a number that is not whole come as text")
  func inexact() throws {
    var decoder = AnthropicDecoder()
    var assembler = CompletionAssembler()
    let body = #"""
      {"type":"message","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":1.5}}],
      "stop_reason":"tool_use"}
      """#
    for event in try decoder.events(ofWhole: Array(body.utf8)) { try assembler.accept(event) }
    let answer = try assembler.completion(of: "p", requestID: nil, shown: { $0 })
    guard case .calls(let calls, _) = answer.move else {
      Issue.record("no call")
      return
    }
    #expect(calls.first?.arguments.stringValue != nil)
    #expect(answer.usage == nil)
  }
}
