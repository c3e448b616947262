// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import ModelProviders

/// A proxy that others wrote. Runs where `KAFCLAW_LITELLM` names its address, as in
/// `http://127.0.0.1:4000`, and `KAFCLAW_LITELLM_KEY` its key; its model `fake` calls the tool that
/// `CALLTOOL:` names.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["KAFCLAW_LITELLM"] != nil))
struct LiteLLMTests {
  private static let environment = ProcessInfo.processInfo.environment

  private func ask(
    _ text: String, _ calls: [CompletionRequest.EndedCall] = [], anthropic: Bool,
    key: String? = environment["KAFCLAW_LITELLM_KEY"]
  ) async throws -> Completion {
    let root = Self.environment["KAFCLAW_LITELLM"] ?? ""
    let route = ModelRoute(
      provider: "proxy", protocol: anthropic ? .anthropic : .openai,
      baseURL: anthropic ? root : root + "/v1", model: "fake", timeout: 60)
    let tool = ToolDescription(
      name: "read_file", summary: "reads", parameters: ["type": "object", "properties": [:]])
    let request = CompletionRequest(
      assistant: "Claw", instructions: "Be brief.", history: [Exchange(text: "a", reply: "b")],
      text: text, calls: calls, tools: [tool], user: "digest")
    return try await withModelClient { client in
      let provider = try ProviderCatalog.provider(
        for: route, key: key.map { SecretValue(copying: Array($0.utf8)) }, client: client)
      return try await provider.complete(request)
    }
  }

  @Test("text, a tool call and its result go through", arguments: [false, true])
  func turn(anthropic: Bool) async throws {
    let plain = try await ask("hello", anthropic: anthropic)
    guard case .reply(let text) = plain.move else {
      Issue.record("\(plain)")
      return
    }
    #expect(text.hasPrefix("Hello from the fake model"))
    let asked = try await ask("CALLTOOL:read_file", anthropic: anthropic)
    guard case .calls(let calls, _) = asked.move, let call = calls.first else {
      Issue.record("\(asked)")
      return
    }
    #expect(call.tool == "read_file")
    #expect(call.arguments == [:])
    let ended = CompletionRequest.EndedCall(
      call: ToolCall(
        index: 0, tool: call.tool, arguments: call.arguments, batch: 0, reference: call.reference),
      result: .success("A"))
    let last = try await ask("CALLTOOL:read_file", [ended], anthropic: anthropic)
    guard case .reply = last.move else {
      Issue.record("\(last)")
      return
    }
  }

  @Test("a wrong key is refused, and not told", arguments: [false, true])
  func wrongKey(anthropic: Bool) async throws {
    let failure = await #expect(throws: ModelFailure.self) {
      try await ask("hello", anthropic: anthropic, key: "sk-wrong-0123456789")
    }
    // Without a database the proxy answers 400 to keys that it does not know.
    #expect(failure?.class == .authentication || failure?.class == .invalid)
    #expect(failure?.description.contains("sk-wrong-0123456789") == false)
  }
}
