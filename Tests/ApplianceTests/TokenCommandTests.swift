// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What `kafclaw token` says, with no appliance running.
@Suite(.serialized) struct TokenCommandTests {
  private let appliance: RunningAppliance

  init() throws {
    appliance = try RunningAppliance(name: "token")
    #expect(try appliance.run("tomb", "init").code == 0)
  }

  @Test func verifyKnowsWhatIsAccepted() throws {
    let token = try appliance.makeToken("generate", "ci", "--scope", "read", "--expires", "1h")
    let verified = try appliance.verify(token)
    #expect(verified.code == 0)
    #expect(verified.output.hasPrefix("accepted: ci, read, until "), "\(verified.output)")
    // One line end is the terminal's.
    #expect(try appliance.verify(token + "\n").code == 0)
    let json = try Program.run(
      ["token", "verify", "--json"], home: appliance.home, input: token)
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect(object?["client"] as? String == "ci" && object?["until"] is String)
    #expect(!json.output.contains(token))
    let refused = String(token.dropLast()) + (token.hasSuffix("A") ? "B" : "A")
    let placeholder = "changeme-changeme-changeme-changeme"
    for other in [refused, token + "A", token + "\n\n", "short", "", placeholder] {
      let result = try appliance.verify(other)
      #expect(result.code == 1 && result.output.isEmpty)
      #expect(result.errors.contains("hint: "), "\(result.errors)")
      #expect(other.isEmpty || !result.errors.contains(other), "\(result.errors)")
    }
  }

  @Test func listHoldsNeitherTokensNorHashes() throws {
    #expect(try appliance.run("token", "list").output == "no tokens were made here\n")
    let tokens = [
      try appliance.makeToken("generate", "ci", "--expires", "30d"),
      try appliance.makeToken("rotate"), try appliance.makeToken("rotate", "--overlap", "1h"),
    ]
    let list = try appliance.run("token", "list", "--json")
    #expect(list.code == 0)
    for text in [list.output, try appliance.run("token", "list").output] {
      for token in tokens { #expect(!text.contains(token.dropFirst(8))) }
      // Whatever a hash is written as, it is longer than any word there.
      #expect(text.firstMatch(of: /[A-Za-z0-9+\/_=-]{24,}/) == nil, "\(text)")
    }
    struct List: Decodable {
      struct Token: Decodable {
        let until: String?
      }
      struct Client: Decodable {
        let name: String
        let scopes: [String]
        let expires: String?
        let tokens: [Token]
      }
      let formatVersion: Int
      let clients: [Client]
    }
    let decoded = try JSONDecoder().decode(List.self, from: Data(list.output.utf8))
    #expect(decoded.formatVersion == 1)
    #expect(decoded.clients.map(\.name) == ["ci", "gateway"])
    #expect(decoded.clients.map { $0.expires != nil } == [true, false])
    #expect(decoded.clients.last?.tokens.map { $0.until != nil } == [true, false])
    #expect(decoded.clients.allSatisfy { $0.scopes == ["chat", "read"] })
  }

  @Test(arguments: [
    ["generate", "operator"], ["generate", "Upper"], ["generate", "two words"], ["generate", ""],
    ["generate", "--name"], ["generate", "_under"], ["generate", "a/b"], ["generate", "é"],
    ["generate", String(repeating: "a", count: 33)], ["rotate", "operator"],
    ["generate", "x", "--scope", "root"], ["generate", "x", "--scope", "chat,read"],
    ["generate", "x", "--scope", ""], ["generate", "x", "--expires", "yesterday"],
    ["generate", "x", "--expires", "2020-01-01T00:00:00Z"], ["generate", "x", "--expires", "-1d"],
    ["rotate", "nobody"], ["revoke", "nobody"], ["rotate", "--overlap", "soon"], ["revoke"],
    ["verify", "a-token"],
    ["generate", "ci", "more"],
  ])
  func wrongArgumentsAreRefusedWithAHint(words: [String]) throws {
    let result = try Program.run(["token"] + words, home: appliance.home)
    #expect(result.code == 1 || result.code == 64)
    #expect(result.output.isEmpty)
    let says = result.code == 1 ? "hint: " : "Usage: "
    #expect(result.errors.contains(says), "\(result.errors)")
    #expect(try appliance.run("token", "list").output == "no tokens were made here\n")
  }

  @Test func aNameIsGivenOnce() throws {
    let token = try appliance.makeToken("generate", "ci")
    let again = try appliance.run("token", "generate", "ci")
    #expect(again.code == 1 && again.errors.contains("hint: kafclaw token rotate ci"))
    #expect(try appliance.verify(token).code == 0)
    #expect(try appliance.run("token", "revoke", "ci").code == 0)
    #expect(try appliance.verify(token).code == 1)
    #expect(try appliance.verify(try appliance.makeToken("generate", "ci")).code == 0)
    #expect(try appliance.verify(token).code == 1)
  }

  @Test(arguments: [["generate"], ["rotate"], ["revoke", "ci"], ["list"], ["verify"]])
  func withoutATombTheHintSaysHowToMakeOne(words: [String]) throws {
    let other = try Scratch("no-tomb")
    let result = try Program.run(
      ["token"] + words, home: try other.folder("home"),
      input: UUID().uuidString + UUID().uuidString)
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(result.errors.contains("hint: kafclaw tomb init"), "\(result.errors)")
  }

  @Test func namesOfTheProgramAreNoEntriesOfTheTomb() throws {
    let token = try appliance.makeToken("generate", "ci")
    for deed in ["set", "rotate", "remove"] {
      for name in ["kafclaw/x", "kafclaw/tokens", "token/x", "token/ci"] {
        let result = try Program.run(
          ["tomb", deed, name], home: appliance.home, input: "a value")
        #expect(result.code == 1 && result.output.isEmpty, "\(deed) \(name)")
        #expect(result.errors.contains("hint: kafclaw token"), "\(result.errors)")
      }
    }
    #expect(try appliance.verify(token).code == 0)
  }
}
