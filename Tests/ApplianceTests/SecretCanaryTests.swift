// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A token is found nowhere but where the operator put it.
@Suite(.serialized) struct SecretCanaryTests {
  @Test func tokenAppearsInNoFileLogArgumentOrEnvironment() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    let token = appliance.token
    #expect(try await appliance.chat("hello").status == 200)
    #expect(try await appliance.request(.GET, "/healthz", token: token + "x").status == 200)
    let wrong = try await appliance.request(
      .POST, "/chat", body: "{\"message\":\"x\"}", token: "wrong-\(token)")
    #expect(wrong.status == 401)
    var texts: [String: String] = ["log": try appliance.logText, "problem": wrong.body]
    for words in [["status", "--json"], ["history", "--json"], ["apply", "--dry-run", "--json"]] {
      let result = try Program.run(words, home: appliance.home)
      texts[words.joined(separator: " ")] = result.output + result.errors
    }
    let chat = try appliance.run("chat", "-m", "/read ../run/appliance.lock")
    texts["chat"] = chat.output
    for pid in [Int(appliance.supervisor)] + (try appliance.status().components.compactMap(\.pid)) {
      texts["cmdline \(pid)"] = try read("/proc/\(pid)/cmdline")
      texts["environ \(pid)"] = try read("/proc/\(pid)/environ")
    }
    for name in try FolderFingerprint(appliance.home).entries.keys {
      texts[name] = try read("\(appliance.home)/\(name)")
    }
    for (place, text) in texts {
      #expect(!text.contains(token), "the token is in \(place)")
    }
    #expect(texts.count > 15)
    appliance.stop()
  }

  /// Folders and sockets have no content.
  private func read(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else { return "" }
    return String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: "\n")
  }
}
