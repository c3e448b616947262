// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A message as a channel hands it over, before it is admitted and stored.
public struct InboundMessage: Sendable, Codable, Equatable {
  /// The most text one message may carry. Bytes of UTF-8.
  public static let textLimit = 64 << 10

  /// The channel's name in the desired state; `web` for `POST /chat`.
  public let channel: String
  /// The authenticated client that delivered it, as in `token:gateway`.
  public let client: String
  /// The sender's platform id; `nil` when the client speaks for itself.
  public let sender: String?
  public let session: String
  public let text: String
  /// Unique within `client`; a repeat names the same message. Made up when the client gave none.
  public let idempotencyKey: String

  public init(
    channel: String, client: String, sender: String?, session: String, text: String,
    idempotencyKey: String
  ) {
    self.channel = channel
    self.client = client
    self.sender = sender
    self.session = session
    self.text = text
    self.idempotencyKey = idempotencyKey
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
    case channelDisabled = "channel-disabled"
    /// The idempotency key was used before for another message.
    case keyReused = "idempotency-key-reused"
  }
}
