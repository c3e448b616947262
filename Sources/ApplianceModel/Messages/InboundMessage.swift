// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A message as a channel hands it over, before it is admitted and stored.
public struct InboundMessage: Sendable, Codable, Equatable {
  /// The most text one message may carry. Bytes of UTF-8.
  public static let textLimit = 64 << 10

  /// Where in the channel a message was written: platform ids, byte by byte.
  public struct Place: Sendable, Codable, Equatable {
    /// The bot's own account on the platform; the client where a channel has one only.
    public var account: String?
    /// `nil` for a direct message.
    public var room: String?
    public var thread: String?
    /// In a room: whether the message names the bot.
    public var isMention: Bool

    public init(
      account: String? = nil, room: String? = nil, thread: String? = nil, isMention: Bool = false
    ) {
      (self.account, self.room, self.thread) = (account, room, thread)
      self.isMention = isMention
    }
  }

  /// The channel's name in the desired state; `web` for `POST /chat`.
  public let channel: String
  /// The authenticated client that delivered it, as in `token:gateway`.
  public let client: String
  /// The sender's platform id; `nil` when the client speaks for itself.
  public let sender: String?
  /// Separates conversations of one client beside what the session scope separates.
  public let session: String
  public let text: String
  /// Unique within `client`; a repeat names the same message. Made up when the client gave none.
  public let idempotencyKey: String
  public let place: Place
  /// Whether another bot wrote it.
  public let isFromBot: Bool
  /// Where the reply is sent; `nil` where whoever asked fetches it.
  public let route: ReplyRoute?

  public init(
    channel: String, client: String, sender: String?, session: String, text: String,
    idempotencyKey: String, place: Place = Place(), isFromBot: Bool = false,
    route: ReplyRoute? = nil
  ) {
    self.route = route
    self.channel = channel
    self.client = client
    self.sender = sender
    self.session = session
    self.text = text
    self.idempotencyKey = idempotencyKey
    self.place = place
    self.isFromBot = isFromBot
  }

  /// Who asks, as every access decision sees it.
  public var principal: AccessPrincipal {
    AccessPrincipal(
      channel: channel, client: client, sender: sender,
      conversation: place.room == nil ? .direct : .room(isMention: place.isMention))
  }
}

/// Tokens used by a turn.
public struct TokenUsage: Sendable, Codable, Equatable {
  public var input: Int
  public var output: Int

  public init(input: Int = 0, output: Int = 0) {
    self.input = input
    self.output = output
  }
}

/// Where a stored message stands.
public struct MessageStatus: Sendable, Codable, Equatable {
  public enum State: String, Sendable, Codable {
    case queued
    case processing
    /// A tool call needs an operator's approval.
    case waiting
    case answered
    case failed
  }

  public let id: MessageID
  public let traceID: TraceID
  public let client: String
  public let session: String
  public let state: State
  public let reply: String?
  public let usage: TokenUsage?

  public init(
    id: MessageID, traceID: TraceID, client: String, session: String, state: State,
    reply: String?, usage: TokenUsage?
  ) {
    self.id = id
    self.traceID = traceID
    self.client = client
    self.session = session
    self.state = state
    self.reply = reply
    self.usage = usage
  }
}

/// What happened to an inbound message.
public enum Admission: Sendable, Codable, Equatable {
  /// Durable under this id now, or since an earlier delivery with the same key.
  case stored(MessageStatus, isRepeat: Bool)
  /// Refused; nothing was stored but the refusal itself.
  case denied(Denial)

  public enum Denial: String, Sendable, Codable {
    case unknownSender = "unknown-sender"
    case senderDenied = "sender-denied"
    case channelDisabled = "channel-disabled"
    case mentionRequired = "mention-required"
    /// An operator contained the appliance.
    case contained
    /// It has a zero byte, or something of it is too long.
    case malformed
    /// The idempotency key was used before for another message.
    case keyReused = "idempotency-key-reused"
    /// The sender wrote more messages than its limit allows.
    case rateLimited = "rate-limited"
    /// Too many messages of the sender wait already.
    case queueFull = "queue-full"
  }
}
