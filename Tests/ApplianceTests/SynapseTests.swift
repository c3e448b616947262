// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// A homeserver that others wrote. Runs where `KAFCLAW_SYNAPSE` names its address, as in
/// `http://127.0.0.1:8008`, and `KAFCLAW_SYNAPSE_TOKENS` a file with lines of a user and its access
/// token; there are `alice` and `kafclaw`, on the server name `localhost`.
@Suite(
  .enabled(if: ProcessInfo.processInfo.environment["KAFCLAW_SYNAPSE"] != nil),
  .timeLimit(.minutes(3)))
struct SynapseTests {
  private static let environment = ProcessInfo.processInfo.environment
  private let url = environment["KAFCLAW_SYNAPSE"] ?? ""
  private let tokens: [String: String]

  init() throws {
    let text = try String(
      contentsOfFile: Self.environment["KAFCLAW_SYNAPSE_TOKENS"] ?? "", encoding: .utf8)
    tokens = Dictionary(
      text.split(separator: "\n").map { line in
        let parts = line.split(separator: " ").map(String.init)
        return (parts[0], parts.count > 1 ? parts[1] : "")
      }, uniquingKeysWith: { one, _ in one })
  }

  private func ask(
    _ method: HTTPMethod, _ path: String, _ body: [String: Any]? = nil
  ) async throws -> [String: Any] {
    var request = HTTPClientRequest(url: url + "/_matrix/client/v3" + path)
    request.method = method
    request.headers.add(name: "Authorization", value: "Bearer \(tokens["alice"] ?? "")")
    if let body {
      request.body = .bytes(ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: body)))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let bytes = try await response.body.collect(upTo: 16 << 20)
    let value = try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView))
    return value as? [String: Any] ?? [:]
  }

  private func escaped(_ room: String) -> String {
    room.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? room
  }

  /// Texts of the bot in a room, oldest first.
  private func replies(_ room: String) async throws -> [String] {
    let page = try await ask(.GET, "/rooms/\(escaped(room))/messages?dir=b&limit=100")
    let events = (page["chunk"] as? [[String: Any]] ?? []).reversed()
    return events.compactMap { event in
      guard event["sender"] as? String == "@kafclaw:localhost",
        let content = event["content"] as? [String: Any]
      else { return nil }
      return content["body"] as? String
    }
  }

  private func say(_ text: String, in room: String, as transaction: String) async throws {
    _ = try await ask(
      .PUT, "/rooms/\(escaped(room))/send/m.room.message/\(transaction)",
      ["msgtype": "m.text", "body": text, "m.mentions": ["user_ids": ["@kafclaw:localhost"]]])
  }

  @Test("invited, asked, answered once; also what was asked while it was down")
  func conversation() async throws {
    let appliance = try RunningAppliance(name: "synapse")
    let yaml = RunningAppliance.yaml(
      port: appliance.port, dashboardPort: appliance.dashboardPort)
    let channel = """
        matrix: {type: matrix, baseURL: "\(url)", account: "@kafclaw:localhost",
          botToken: "env:MATRIX_BOT", allow: ["@alice:localhost"]}

      """
    try appliance.repository.commit([
      "kafclaw.yaml": yaml.replacing("channels:\n", with: "channels:\n" + channel)
        + "senders: {limits: {burst: 100}}\n"
    ])
    let environment = [
      "KAFCLAW_GATEWAY_AUTH_TOKEN": appliance.token, "MATRIX_BOT": tokens["kafclaw"] ?? "",
    ]
    try await appliance.startReady(environment: environment)
    let made = try await ask(
      .POST, "/createRoom",
      ["preset": "private_chat", "is_direct": true, "invite": ["@kafclaw:localhost"]])
    let room = try #require(made["room_id"] as? String)
    try await say("before you came", in: room, as: "m0")
    let joined = await eventually(within: .seconds(60)) {
      let members = try? await ask(.GET, "/rooms/\(escaped(room))/joined_members")
      return (members?["joined"] as? [String: Any])?.count == 2
    }
    #expect(joined)
    try await say("hello one", in: room, as: "m1")
    #expect(
      await eventually(within: .seconds(60)) {
        ((try? await replies(room)) ?? []).contains { $0.contains("hello one") }
      })
    #expect(appliance.stop() == 0)
    // More than one page of a limited sync.
    for number in 0..<60 { try await say("late \(number) end", in: room, as: "l\(number)") }
    try await appliance.startReady(environment: environment)
    let all = await eventually(within: .seconds(90)) {
      let texts = (try? await replies(room)) ?? []
      return (0..<60).allSatisfy { number in texts.contains { $0.contains("late \(number) end") } }
    }
    #expect(all)
    let texts = try await replies(room)
    for number in 0..<60 {
      #expect(texts.filter { $0.contains("late \(number) end") }.count == 1, "\(number)")
    }
    #expect(!texts.contains { $0.contains("before you came") })
  }
}
