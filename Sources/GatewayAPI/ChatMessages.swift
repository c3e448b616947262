// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Body of `POST /chat`.
public struct ChatRequest: Sendable, Codable, Equatable {
  public let message: String
  /// Separates conversations of one client. Letters, digits, `.`, `_`, `:`, `-`; at most 128.
  /// Defaults to `default`.
  public let session: String?
  /// The end user the client speaks for; admitted by the access lists of channel `web`.
  public let sender: String?
  /// The room the sender wrote in; without one the message is a direct one.
  public let room: String?
  public let thread: String?
  /// In a room: whether the message names the bot. Defaults to false.
  public let mention: Bool?
  /// Whether another bot wrote it. Defaults to false.
  public let bot: Bool?

  public init(
    message: String, session: String? = nil, sender: String? = nil, room: String? = nil,
    thread: String? = nil, mention: Bool? = nil, bot: Bool? = nil
  ) {
    self.message = message
    self.session = session
    self.sender = sender
    (self.room, self.thread) = (room, thread)
    (self.mention, self.bot) = (mention, bot)
  }

  /// Why the request cannot be accepted, or `nil`.
  public var problem: String? {
    if message.isEmpty { return "\"message\" is empty" }
    if message.utf8.contains(0) { return "\"message\" has a zero byte" }
    if message.utf8.count > InboundMessage.textLimit {
      return "\"message\" is over \(InboundMessage.textLimit) bytes"
    }
    if let session, !Self.isSessionName(session) { return "\"session\" is not a session name" }
    if let sender, !Self.isSenderID(sender) { return "\"sender\" is not a sender id" }
    // Somebody of a platform is known by that platform alone.
    if let sender,
      ChannelType.allCases.contains(where: { type in
        type.hasAccount && sender.hasPrefix(type.rawValue + ":")
      })
    {
      return "\"sender\" is the id of another channel's sender"
    }
    if let room, !Self.isSenderID(room) { return "\"room\" is not a room id" }
    if let thread, !Self.isSenderID(thread) { return "\"thread\" is not a thread id" }
    if sender == nil, room != nil || thread != nil || mention != nil || bot != nil {
      return "\"room\", \"thread\", \"mention\" and \"bot\" say something of a \"sender\""
    }
    return nil
  }

  private static func isSessionName(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
          UInt8(ascii: ":"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  private static func isSenderID(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}

/// Body of a successful `POST /chat`.
public struct ChatResponse: Sendable, Codable, Equatable {
  public let id: MessageID
  public let reply: String
  public let traceID: TraceID
  public let usage: TokenUsage

  public init(id: MessageID, reply: String, traceID: TraceID, usage: TokenUsage) {
    self.id = id
    self.reply = reply
    self.traceID = traceID
    self.usage = usage
  }
}

/// Body of `GET /api/v1/messages/ID`, and of the 202 of an asynchronous `POST /chat`.
public struct MessageResponse: Sendable, Codable, Equatable {
  public let id: MessageID
  public let state: MessageStatus.State
  public let traceID: TraceID
  public let session: String
  public let reply: String?
  public let usage: TokenUsage?

  public init(_ status: MessageStatus) {
    id = status.id
    state = status.state
    traceID = status.traceID
    session = status.session
    reply = status.reply
    usage = status.usage
  }
}

/// An error of the HTTP API: RFC 9457 `application/problem+json`.
public struct Problem: Sendable, Codable, Equatable {
  /// `urn:kafclaw:problem:CODE`, stable.
  public let type: String
  public let title: String
  public let status: Int
  public let detail: String?

  public init(_ code: String, status: Int, title: String, detail: String? = nil) {
    type = "urn:kafclaw:problem:\(code)"
    self.title = title
    self.status = status
    self.detail = detail
  }
}

/// Paths of the HTTP API.
public enum Routes {
  public static let chat = "/chat"
  public static let messages = "/api/v1/messages"
  public static let status = "/api/v1/status"
  public static let approvals = "/api/v1/approvals"
  public static let channels = "/channels"
  public static let reconcile = "/api/v1/reconcile"
  public static let metrics = "/metrics"
  public static let health = "/healthz"
  public static let readiness = "/readyz"
}
