// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// The chat platforms of a test, on one port of the loopback: they check what they are sent as the
/// real ones do, and fail when they are told to.
public final class ChatPlatforms: Sendable {
  public static let slackToken = "xoxb-kafclaw-test"
  public static let telegramToken = "123456:kafclaw-test"
  public static let whatsappToken = "EAAkafclawtest"
  public static let matrixToken = "syt_kafclaw_test"

  /// One text that a platform took.
  public struct Sent: Decodable, Sendable {
    public let platform: String
    public let conversation: String
    public let thread: String?
    public let text: String
    public let key: String?
    /// Slack: action and value of each button.
    public let buttons: [String]?
  }

  /// How the next requests fail.
  public enum Mode: String, Sendable {
    /// Answered with the status, without effect.
    case before
    /// It has an effect, and the connection breaks before the answer.
    case after
    /// The connection breaks, without effect.
    case drop
    /// No answer, no effect.
    case hang
  }

  public let url: String
  private let server: TestServer

  public init() throws {
    server = try TestServer("chat_platforms.py", [])
    url = "http://127.0.0.1:\(server.port)"
  }

  @discardableResult
  private func control(_ path: String, _ body: [String: Any]? = nil) async throws -> Data {
    var request = HTTPClientRequest(url: url + "/_control/" + path)
    if let body {
      request.method = .POST
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(
        ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: body)))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    let bytes = try await response.body.collect(upTo: 64 << 20)
    return Data(bytes.readableBytesView)
  }

  /// All that was taken, in order.
  public func sent(_ platform: String? = nil) async throws -> [Sent] {
    let all = try JSONDecoder().decode([Sent].self, from: try await control("sent"))
    return all.filter { platform == nil || $0.platform == platform }
  }

  /// Waits until a platform took so many texts.
  public func waitForSent(_ count: Int, on platform: String) async throws -> [Sent] {
    while true {
      let sent = try await sent(platform)
      if sent.count >= count { return sent }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Lets the next `count` requests to paths that hold `path` fail.
  ///
  /// - Parameter answer: The body, JSON; what the platform itself would say by default.
  public func fail(
    _ path: String, count: Int = 1, _ mode: Mode = .before, status: Int = 500,
    headers: [String: String] = [:], answer: String? = nil
  ) async throws {
    var fault: [String: Any] = [
      "path": path, "count": count, "mode": mode.rawValue, "status": status, "headers": headers,
    ]
    if let answer { fault["body"] = answer }
    try await control("fail", fault)
  }

  /// Somebody writes to the Telegram bot.
  public func telegram(_ text: String, from user: Int64, id: Int) async throws {
    let who: [String: Any] = ["id": user, "is_bot": false, "first_name": "Owner"]
    try await control(
      "telegram",
      [
        "message": [
          "message_id": id, "from": who, "chat": ["id": user, "type": "private"],
          "date": Int(Date().timeIntervalSince1970), "text": text,
        ]
      ])
  }

  /// Somebody writes in a Matrix room.
  public func matrix(
    _ text: String, in room: String, from user: String, mention: Bool = true
  ) async throws {
    try await control(
      "matrix",
      [
        "room": room,
        "event": [
          "type": "m.room.message", "sender": user,
          "content": [
            "msgtype": "m.text", "body": text,
            "m.mentions": mention ? ["user_ids": ["@kafclaw:example.org"]] : [:],
          ],
        ],
      ])
  }

  /// An update for the Telegram bot; it gets another id.
  public func telegram(update: String) async throws {
    var value =
      try JSONSerialization.jsonObject(with: Data(update.utf8)) as? [String: Any] ?? [:]
    value["update_id"] = nil
    try await control("telegram", value)
  }

  /// An event of a Matrix room with any content.
  public func matrix(content: String, in room: String, from user: String) async throws {
    var request = HTTPClientRequest(url: url + "/_control/matrix")
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    let text =
      #"{"room":"\#(room)","event":{"type":"m.room.message","sender":"\#(user)","content":\#(content)}}"#
    request.body = .bytes(ByteBuffer(string: text))
    _ = try await HTTPClient.shared.execute(request, timeout: .seconds(30)).body.collect(
      upTo: 1 << 20)
  }

  public struct Request: Decodable, Sendable {
    public let method: String
    public let path: String
    public let status: Int
  }

  /// All requests, tokens taken out of their paths.
  public func requests() async throws -> [Request] {
    try JSONDecoder().decode([Request].self, from: try await control("requests"))
  }
}
