// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Requests that the vendors' own libraries sign and read. Runs where `KAFCLAW_CHAT_PYTHON` names a
/// Python that has slack_sdk and python-telegram-bot.
@Suite(
  .enabled(if: ProcessInfo.processInfo.environment["KAFCLAW_CHAT_PYTHON"] != nil),
  .timeLimit(.minutes(3)))
struct VendorLibraryTests {
  private func ask(_ words: [String], _ input: String) throws -> String {
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "TestSupport/Servers/vendor_sdks.py").path
    let process = Process()
    process.executableURL = URL(
      filePath: ProcessInfo.processInfo.environment["KAFCLAW_CHAT_PYTHON"] ?? "")
    process.arguments = ["-W", "ignore", script] + words
    let (given, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (given, output)
    try process.run()
    try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try given.fileHandleForWriting.close()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test("what Slack's library signs is taken, and what it calls invalid is not")
  func slack() async throws {
    let bench = try await ChannelBench("vendor")
    try await bench.start()
    let now = Int(Date().timeIntervalSince1970)
    for (number, (age, more)) in [(0, ""), (200, ""), (400, ""), (-400, ""), (0, " ")].enumerated()
    {
      let body = ChannelBench.slackMessage("hello", ts: "7.\(number)")
      let time = "\(now - age)"
      let signature = try ask(["slack-sign", ChannelBench.slackSecret, time], body)
      let sent = body + more
      let valid =
        try ask(["slack-valid", ChannelBench.slackSecret, time, signature], sent) == "yes"
      let answer = try await bench.post(
        "/channels/team-slack", sent,
        ["X-Slack-Request-Timestamp": time, "X-Slack-Signature": signature])
      #expect(answer.status == (valid ? 200 : 401), "\(age) \(more.debugDescription)")
    }
    let sent = try await bench.platforms.waitForSent(2, on: "slack")
    #expect(sent.count == 2)
  }

  @Test("a Telegram update means the same to Telegram's library")
  func telegram() async throws {
    let update = """
      {"update_id":1,"message":{"message_id":42,"from":{"id":7000000001,"is_bot":false,\
      "first_name":"Ada"},"chat":{"id":-1001234567890,"title":"Operations","type":"supergroup"},\
      "date":1763806350,"text":"\u{1F600} @kafclaw_bot hello","entities":[{"offset":3,"length":12,\
      "type":"mention"}]}}
      """
    let read = try ask(["telegram-update"], update)
    let value = try JSONSerialization.jsonObject(with: Data(read.utf8)) as? [String: Any]
    #expect(value?["sender"] as? Int == 7_000_000_001)
    #expect(value?["mentions"] as? [String] == ["@kafclaw_bot"])
    let bench = try await ChannelBench("vendor-telegram")
    try bench.write(
      ChannelBench.channels(bench.platforms.url)
        .replacing(#"allow: ["7000000001"]"#, with: #"allow: ["7000000001"], groupPolicy: open"#))
    try await bench.start()
    try await bench.platforms.telegram(update: update)
    let sent = try await bench.platforms.waitForSent(1, on: "telegram")
    #expect(sent[0].conversation == "-1001234567890" && sent[0].text.contains("hello"))
  }
}
