// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A token that was made here is shown once, and is nowhere after that.
@Suite(.serialized) struct TokenSecrecyTests {
  private let appliance: RunningAppliance

  init() throws {
    appliance = try RunningAppliance(name: "token")
    #expect(try appliance.run("tomb", "init").code == 0)
  }

  /// The random bytes of a token.
  private func bytes(of token: String) throws -> Data {
    let text = try #require(token.wholeMatch(of: /kafclaw_([A-Za-z0-9_-]+)/)?.1)
    let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - base64.count % 4) % 4)
    return try #require(Data(base64Encoded: base64 + padding))
  }

  @Test func tokenHas32RandomBytes() throws {
    let tokens = try (0..<8).map { try appliance.makeToken("generate", "client-\($0)") }
    let bytes = try tokens.map { try self.bytes(of: $0) }
    #expect(bytes.allSatisfy { $0.count >= 32 })
    #expect(Set(bytes).count == 8)
    // No byte is the same in all of them.
    for place in 0..<32 { #expect(Set(bytes.map { $0[place] }).count > 1) }
    let json = try appliance.run("token", "rotate", "client-0", "--json").output
    let shown = try #require(json.firstMatch(of: /"token" : "([^"]*)"/)?.1)
    #expect(try self.bytes(of: String(shown)).count >= 32)
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    #expect(object?["client"] as? String == "client-0")
  }

  @Test func tokenIsShownOnceAndIsNowhereElse() async throws {
    try await appliance.startReady()
    let made = try appliance.run("token", "generate", "ci")
    #expect(made.code == 0)
    let token = made.output.trimmingCharacters(in: .newlines)
    #expect(made.output == token + "\n" && !made.errors.contains(token))
    let rotated = try appliance.makeToken("rotate")
    for token in [token, rotated] { #expect(try await appliance.answer(to: token) == 200) }
    #expect(try appliance.verify(token).code == 0)
    #expect(try await appliance.answer(to: token + "x") == 401)
    // Whoever gives a token in the place of a name does not find it in the audit log.
    for deed in ["revoke", "rotate", "generate"] {
      let mistaken = try appliance.run("token", deed, token)
      #expect(mistaken.code == 1 && !mistaken.errors.contains(token), "\(mistaken.errors)")
    }
    for (place, data) in try places() {
      for token in [token, rotated] {
        #expect(data.range(of: Data(token.utf8)) == nil, "a token is in \(place)")
      }
    }
    appliance.stop()
  }

  /// Everything that could hold a token: what commands say, files, logs and processes.
  private func places() throws -> [String: Data] {
    var places = ["log": Data(try appliance.logText.utf8)]
    let commands = [
      ["status", "--json"], ["history", "--json"], ["token", "list", "--json"], ["token", "list"],
      ["tomb", "list", "--json"], ["audit", "show", "--limit", "1000", "--json"],
      ["apply", "--dry-run", "--json"],
    ]
    for words in commands {
      let result = try Program.run(words, home: appliance.home)
      places[words.joined(separator: " ")] = Data((result.output + result.errors).utf8)
    }
    for name in try FolderFingerprint(appliance.home).entries.keys {
      // Folders and sockets have no content.
      places[name] = FileManager.default.contents(atPath: "\(appliance.home)/\(name)")
    }
    let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc")
    for pid in processes where Int(pid) != nil {
      for name in ["cmdline", "environ"] {
        // A process may be gone by now, or another user's.
        places["/proc/\(pid)/\(name)"] = FileManager.default.contents(
          atPath: "/proc/\(pid)/\(name)")
      }
    }
    #expect(places["/proc/\(appliance.supervisor)/environ"]?.isEmpty == false)
    #expect(places.count > 20)
    return places
  }
}
