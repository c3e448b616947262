// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A secret of the tomb that shows up in a conversation goes no further.
@Suite(.serialized) struct TripwireTests {
  private let appliance: RunningAppliance
  private let model: ScriptedModel
  private let secret = "canary-\(UUID().uuidString)-\(UUID().uuidString)"

  init() async throws {
    model = try ScriptedModel(.reply("nothing to say"))
    appliance = try RunningAppliance(name: "tripwire")
    #expect(try appliance.run("tomb", "init").code == 0)
    try Self.set("service", secret, appliance)
    try Self.set("model-key", "key-\(UUID().uuidString)", appliance)
    try appliance.repository.commit([
      "kafclaw.yaml": appliance.yaml(
        """
        senders: {owners: [olga]}
        agent: {provider: scripted, model: scripted}
        providers:
          scripted:
            type: openai
            baseURL: "http://127.0.0.1:\(model.port)/v1"
            apiKey: "tomb:model-key"

        """)
    ])
    try await appliance.startReady()
  }

  private static func set(_ name: String, _ value: String, _ appliance: RunningAppliance) throws {
    let result = try Program.run(["tomb", "set", name], home: appliance.home, input: value)
    #expect(result.code == 0, "\(result.errors)")
  }

  /// Where the secret lies in any form, beside the tomb, which is sealed.
  private func found(_ more: String...) throws -> [String] {
    var hunt = CanaryHunt()
    hunt.add("secret", secret)
    try hunt.look(below: "\(appliance.home)/.kafclaw")
    hunt.look(at: try appliance.logText, called: "log")
    for (index, request) in model.requests.enumerated() {
      hunt.look(at: request.body, called: "request \(index)")
    }
    for text in more { hunt.look(at: text, called: "answer") }
    return hunt.found
  }

  private func isSeen(_ words: String) throws -> Bool {
    try appliance.run("audit", "show", "--kind", "secret.seen").output.contains(words)
  }

  @Test("a secret in a message is withheld and has to be rotated")
  func messageIsWithheld() async throws {
    #expect(
      try appliance.examine(["security", "check"]).check("secrets.exposed")?.status == "pass")
    let answer = try await appliance.ask("use \(secret), please", from: "alice")
    #expect(answer.status == 200)
    let asked = try #require(model.requests.last).text
    #expect(asked.contains("withheld") && asked.contains("service"), "\(asked)")
    let hex = secret.utf8.map { String($0, radix: 16) }.joined()
    _ = try await appliance.ask("or \(Data(secret.utf8).base64EncodedString()) \(hex)")
    #expect(try found(answer.body) == [])
    #expect(try isSeen("by sender:web/alice  on secret/service"))
    let exposed = try #require(
      try appliance.examine(["security", "check"]).check("secrets.exposed"))
    #expect(exposed.status == "fail" && exposed.evidence.contains("service"), "\(exposed)")
    let rotated = try Program.run(
      ["tomb", "rotate", "service"], home: appliance.home, input: "new-\(UUID().uuidString)")
    #expect(rotated.code == 0, "\(rotated.errors)")
    #expect(
      try appliance.examine(["security", "check"]).check("secrets.exposed")?.status == "pass")
    appliance.stop()
  }

  @Test("a secret in a file is neither shown to the model nor stored")
  func resultIsWithheld() async throws {
    try appliance.scratch.write("home/.kafclaw/workspace/notes.txt", "the key is \(secret)")
    model.script(.call("read_file", #"{"path":"notes.txt"}"#), .reply("done"))
    let answer = try await appliance.ask("read the notes", from: "olga")
    #expect(answer.value("reply") == "done", "\(answer.body)")
    #expect(model.requests.count == 2)
    #expect(model.requests.last?.text.contains("withheld") == true)
    appliance.stop()
    let notes = "\(appliance.home)/.kafclaw/workspace/notes.txt"
    #expect(try found(answer.body) == ["secret in \(notes), plain"])
  }

  @Test("a call whose arguments hold a secret does not run")
  func argumentsAreBlocked() async throws {
    let encoded = Data(secret.utf8).base64EncodedString()
    model.script(
      .call("write_file", "{\"path\":\"a.txt\",\"content\":\"\(encoded)\"}"), .reply("done"))
    let answer = try await appliance.ask("write it down", from: "olga")
    #expect(answer.value("reply") == "done", "\(answer.body)")
    let path = "\(appliance.home)/.kafclaw/workspace/a.txt"
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(model.requests.last?.text.contains("blocked") == true)
    #expect(try isSeen("place=tool/arguments"))
    #expect(try found(answer.body) == [])
    appliance.stop()
  }

  @Test("a reply with a secret is withheld")
  func replyIsWithheld() async throws {
    model.script(.reply("it is \(secret)"))
    let answer = try await appliance.ask("tell me", from: "olga")
    #expect(answer.value("reply")?.contains("withheld") == true, "\(answer.body)")
    #expect(try isSeen("place=outbound"))
    #expect(try found(answer.body) == [])
    appliance.stop()
  }
}
