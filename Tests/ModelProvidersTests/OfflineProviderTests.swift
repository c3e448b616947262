// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import ModelProviders

/// The embedded provider: its grammar, its answers, and that they are always the same.
struct OfflineProviderTests {
  static let grammar: [(String, [OfflineScript.Step])] = [
    ("", []), ("hello", []), ("  \n\n", []), ("hello\n/list", []), ("/list\nhello", []),
    (" /list", []), ("a /list", []),
    ("/list", [.call(tool: "list_dir", arguments: ["path": ""])]),
    ("/list notes", [.call(tool: "list_dir", arguments: ["path": "notes"])]),
    ("/read a.txt", [.call(tool: "read_file", arguments: ["path": "a.txt"])]),
    (
      "/write a.txt two words",
      [.call(tool: "write_file", arguments: ["path": "a.txt", "content": "two words"])]
    ),
    ("/write a.txt", [.call(tool: "write_file", arguments: ["path": "a.txt", "content": ""])]),
    (
      "/write a.txt  spaces  kept ",
      [.call(tool: "write_file", arguments: ["path": "a.txt", "content": " spaces  kept "])]
    ),
    ("/history", [.history]),
    ("/call exec", [.call(tool: "exec", arguments: [:])]),
    (
      "/call exec {\"argv\": [\"ls\", 1, null]}",
      [.call(tool: "exec", arguments: ["argv": ["ls", 1, .null]])]
    ),
    ("/call exec [1]", [.say("/call exec: arguments must be a JSON object")]),
    ("/call exec {", [.say("/call exec: arguments must be a JSON object")]),
    ("/call exec {\"a\": 1.5}", [.say("/call exec: arguments must be a JSON object")]),
    ("/wait 250", [.wait(250)]),
    ("/wait", [.say("/wait: 0 to 60000 milliseconds")]),
    ("/wait 60001", [.say("/wait: 0 to 60000 milliseconds")]),
    ("/wait -1", [.say("/wait: 0 to 60000 milliseconds")]),
    (
      "/calls [[\"read_file\", {\"path\": \"a\"}], [\"list_dir\", {}]]",
      [
        .calls([
          RequestedCall(tool: "read_file", arguments: ["path": "a"]),
          RequestedCall(tool: "list_dir", arguments: [:]),
        ])
      ]
    ),
    ("/calls []", [.say("/calls: wants 1 to 32 calls as [[\"TOOL\", {…}], …]")]),
    ("/calls [[\"a\"]]", [.say("/calls: wants 1 to 32 calls as [[\"TOOL\", {…}], …]")]),
    ("/calls [[\"a\", 1]]", [.say("/calls: wants 1 to 32 calls as [[\"TOOL\", {…}], …]")]),
    ("/read", [.say("unknown step: use /list, /read, /write, /call, /calls, /wait or /history")]),
    ("/write", [.say("unknown step: use /list, /read, /write, /call, /calls, /wait or /history")]),
    ("/call", [.say("unknown step: use /list, /read, /write, /call, /calls, /wait or /history")]),
    ("/LIST", [.say("unknown step: use /list, /read, /write, /call, /calls, /wait or /history")]),
    ("/", [.say("unknown step: use /list, /read, /write, /call, /calls, /wait or /history")]),
    (
      "/history\n\n  \n/list\r\n/history",
      [.history, .call(tool: "list_dir", arguments: ["path": ""]), .history]
    ),
  ]

  @Test(arguments: OfflineProviderTests.grammar.indices)
  func linesBecomeSteps(index: Int) {
    let (text, steps) = Self.grammar[index]
    #expect(OfflineScript.steps(of: text) == steps, "\(text.debugDescription)")
  }

  private func request(
    _ text: String, _ results: [ToolResult] = [], history: [Exchange] = []
  ) -> CompletionRequest {
    let calls = results.enumerated().map { index, result in
      CompletionRequest.EndedCall(
        call: ToolCall(index: index, tool: "read_file", arguments: [:]), result: result)
    }
    return CompletionRequest(assistant: "Claw", history: history, text: text, calls: calls)
  }

  private static func call(_ tool: String, _ arguments: JSONValue) -> Completion.Move {
    .calls([RequestedCall(tool: tool, arguments: arguments)], remark: nil)
  }

  @Test func ordinaryTextIsRepeated() async throws {
    let completion = try await OfflineProvider().complete(request("hello"))
    #expect(completion.move == .reply("Claw (offline): you said: hello"))
  }

  @Test func stepsAreCalledOneAfterTheOther() async throws {
    let text = "/read a\n/history\n/write b c"
    let history = [Exchange(text: "x", reply: "y")]
    let first = try await OfflineProvider().complete(request(text, history: history))
    #expect(first.move == Self.call("read_file", ["path": "a"]))
    let second = try await OfflineProvider().complete(
      request(text, [.success("A")], history: history))
    #expect(second.move == Self.call("write_file", ["path": "b", "content": "c"]))
    let last = try await OfflineProvider().complete(
      request(text, [.success("A"), .failure("no")], history: history))
    #expect(last.move == .reply("read_file: A\nhistory: 1\nwrite_file: failed: no"))
  }

  @Test(arguments: [
    (ToolResult.success("done"), "read_file: done"), (.failure("no"), "read_file: failed: no"),
    (.outcomeUnknown, "read_file: outcome unknown: interrupted, not repeated"),
  ])
  func everyOutcomeIsTold(result: ToolResult, line: String) async throws {
    let completion = try await OfflineProvider().complete(request("/read a", [result]))
    #expect(completion.move == .reply(line))
  }

  @Test func tokensAreFourBytesEach() async throws {
    let history = [Exchange(text: "12345678", reply: "1234")]
    let completion = try await OfflineProvider().complete(request("1234", history: history))
    let reply = "Claw (offline): you said: 1234"
    #expect(completion.usage == TokenUsage(input: 5, output: reply.utf8.count / 4 + 1))
    let call = try await OfflineProvider().complete(request("/list"))
    #expect(call.usage == TokenUsage(input: 2, output: 1))
  }

  @Test func sameRequestGivesTheSameAnswer() async throws {
    for (text, _) in Self.grammar {
      let request = request(text, [.success("A")], history: [Exchange(text: "x", reply: "y")])
      let first = try await OfflineProvider().complete(request)
      for _ in 1...20 { #expect(try await OfflineProvider().complete(request) == first) }
    }
  }

  @Test("several calls are asked for in one answer, and each outcome is told")
  func severalCalls() async throws {
    let text = #"/calls [["read_file", {"path": "a"}], ["list_dir", {}]]"#
    let first = try await OfflineProvider().complete(request(text))
    let calls = [
      RequestedCall(tool: "read_file", arguments: ["path": "a"]),
      RequestedCall(tool: "list_dir", arguments: [:]),
    ]
    #expect(first.move == .calls(calls, remark: nil))
    let part = try await OfflineProvider().complete(request(text, [.success("A")]))
    #expect(part.move == .calls([calls[1]], remark: nil))
    let last = try await OfflineProvider().complete(request(text, [.success("A"), .failure("no")]))
    #expect(last.move == .reply("read_file: A\nlist_dir: failed: no"))
  }

  @Test("a slow model can be cancelled")
  func waiting() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await #expect(throws: CancellationError.self) {
          try await OfflineProvider().complete(request("/wait 60000"))
        }
      }
      group.cancelAll()
    }
    let begin = ContinuousClock().now
    let completion = try await OfflineProvider().complete(request("/wait 60"))
    #expect(completion.move == .reply("waited 60 ms"))
    #expect(ContinuousClock().now - begin >= .milliseconds(60))
  }

  @Test("a wait before calls that have ended is over")
  func pastWait() async throws {
    let completion = try await OfflineProvider().complete(
      request("/wait 60000\n/read a", [.success("A")]))
    #expect(completion.move == .reply("waited 60000 ms\nread_file: A"))
  }

  @Test("the catalogue gives the embedded provider its declared name and its one model")
  func catalogue() throws {
    let route = ModelRoute(provider: "here", protocol: .offline)
    #expect(try ProviderCatalog.provider(for: route, key: nil, client: nil).name == "here")
    let other = ModelRoute(provider: "here", protocol: .offline, model: "gpt-x")
    let error = #expect(throws: ApplianceError.self) {
      try ProviderCatalog.provider(for: other, key: nil, client: nil)
    }
    #expect(error?.code == .modelUnknown)
  }
}
