// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What goes to a model provider, and to none but those that are declared.
@Suite(.serialized) struct ProviderPathTests {
  private let appliance: RunningAppliance
  private let first: ScriptedModel
  private let second: ScriptedModel
  private let keys = ["first", "second"].map { "canary-\($0)-\(UUID().uuidString)" }

  init() async throws {
    (first, second) = (try ScriptedModel(.reply("first")), try ScriptedModel(.reply("second")))
    appliance = try RunningAppliance(name: "provider")
    #expect(try appliance.run("tomb", "init").code == 0)
    for (name, key) in zip(["first-key", "second-key"], keys) {
      let result = try Program.run(["tomb", "set", name], home: appliance.home, input: key)
      #expect(result.code == 0, "\(result.errors)")
    }
    try appliance.repository.commit(["kafclaw.yaml": desired(fallbacks: "[]")])
    try await appliance.startReady()
  }

  private func desired(fallbacks: String) -> String {
    appliance.yaml(
      """
      senders: {owners: [olga]}
      tools: {deny: [list_dir]}
      agent: {provider: first, fallbacks: \(fallbacks)}
      providers:
        first:
          type: openai
          baseURL: "http://127.0.0.1:\(first.port)/v1"
          apiKey: "tomb:first-key"
          model: big
          timeout: 20s
        second:
          type: openai
          baseURL: "http://127.0.0.1:\(second.port)/v1"
          apiKey: "tomb:second-key"
          model: small

      """)
  }

  @Test("a key goes to its provider in one header, and nowhere else")
  func keyStaysInItsHeader() async throws {
    let answer = try await appliance.ask("hello", from: "alice")
    #expect(answer.value("reply") == "first", "\(answer.body)")
    let request = try #require(first.requests.last)
    #expect(request.head.hasPrefix("POST /v1/chat/completions HTTP/1.1"))
    #expect(request.header("Authorization") == "Bearer \(keys[0])")
    let rest = request.head.replacingOccurrences(of: "Bearer \(keys[0])", with: "")
    #expect(!rest.contains(keys[0]) && !request.text.contains(keys[0]))
    #expect(request.text.contains("\"model\":\"big\"") && request.text.contains("hello"))
    #expect(second.requests.isEmpty)
    var hunt = CanaryHunt()
    for key in keys { hunt.add("key", key) }
    try hunt.lookAtProcesses()
    appliance.stop()
    try hunt.look(below: appliance.scratch.path)
    hunt.look(at: answer.body, called: "answer")
    #expect(hunt.found == [])
    #expect(hunt.placeCount > 30)
  }

  @Test("a sender's model is offered what the sender may use, and its calls are carried out")
  func toolsFollowThePolicy() async throws {
    first.script(
      .call("write_file", #"{"path":"a.txt","content":"by the model"}"#),
      .call("read_file", #"{"path":"a.txt"}"#), .call("list_dir", #"{"path":""}"#),
      .reply("done"))
    #expect(try await appliance.ask("write", from: "olga").value("reply") == "done")
    let asked = first.requests
    #expect(asked.count == 4)
    #expect(asked.first?.tools.contains("write_file") == true)
    #expect(asked.allSatisfy { !$0.tools.contains("list_dir") })
    #expect(asked[2].text.contains("by the model"))
    // What is not offered is not carried out for those who ask all the same.
    #expect(asked[3].text.contains("list_dir is denied by tools.deny"))
    first.script(.call("write_file", #"{"path":"b.txt","content":"x"}"#), .reply("done"))
    #expect(try await appliance.ask("write", from: "alice").value("reply") == "done")
    #expect(first.requests.first?.tools == ["read_file", "search_files"])
    #expect(first.requests.last?.text.contains("write_file is denied by tools.tiers") == true)
    let folder = "\(appliance.home)/.kafclaw/workspace"
    #expect(FileManager.default.fileExists(atPath: "\(folder)/a.txt"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/b.txt"))
    appliance.stop()
  }

  @Test("only a declared provider takes the place of one that is overloaded")
  func declaredFallbackAnswers() async throws {
    first.script(.failure(503))
    let alone = try await appliance.ask("alone", from: "alice")
    #expect(alone.value("reply")?.contains("did not answer") == true, "\(alone.body)")
    #expect(second.requests.isEmpty && !first.requests.isEmpty)
    try appliance.change(desired(fallbacks: "[second]"))
    let answer = try await appliance.ask("together", from: "alice")
    #expect(answer.value("reply") == "second", "\(answer.body)")
    let request = try #require(second.requests.last)
    #expect(request.header("Authorization") == "Bearer \(keys[1])")
    #expect(request.text.contains("\"model\":\"small\""))
    #expect(!request.text.contains(keys[0]) && !request.head.contains(keys[0]))
    // A refused key is for the operators to see, not for another provider.
    first.script(.failure(401))
    second.script(.reply("second"))
    try appliance.change(desired(fallbacks: "[]"))
    try appliance.change(desired(fallbacks: "[second]"))
    let refused = try await appliance.ask("refused", from: "alice")
    #expect(refused.value("reply")?.contains("could not be asked") == true, "\(refused.body)")
    #expect(second.requests.isEmpty)
    #expect(!(try appliance.logText).contains(keys[0]))
    appliance.stop()
  }
}
