// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// Where a text goes on its platform: the platform's own ids, as they arrived.
public struct ReplyRoute: Sendable, Codable, Hashable {
  public var conversation: String
  public var thread: String?
  /// The message that is answered.
  public var message: String?
  /// The account it arrived at: a channel of the same name may be another one by now.
  public var account: String?

  public init(
    conversation: String, thread: String? = nil, message: String? = nil, account: String? = nil
  ) {
    (self.conversation, self.thread, self.message) = (conversation, thread, message)
    self.account = account
  }
}

/// One text on its way to a platform, leased to whoever sends it.
public struct Delivery: Sendable, Codable, Equatable {
  public let id: DeliveryID
  public let channel: String
  public let route: ReplyRoute
  public let text: String
  /// The same for every attempt, and for no other delivery.
  public let key: String
  /// Parts of the text that the platform has already.
  public let partsSent: Int

  public init(
    id: DeliveryID, channel: String, route: ReplyRoute, text: String, key: String,
    partsSent: Int = 0
  ) {
    (self.id, self.channel, self.route, self.text) = (id, channel, route, text)
    (self.key, self.partsSent) = (key, partsSent)
  }
}

/// A text that nobody asked for, on its way to a conversation.
public struct Announcement: Sendable, Equatable {
  /// The same text under the same key is sent once.
  public let key: String
  public let channel: String
  public let route: ReplyRoute
  public let text: String

  public init(key: String, channel: String, route: ReplyRoute, text: String) {
    (self.key, self.channel, self.route, self.text) = (key, channel, route, text)
  }
}

/// Names one delivery for as long as the timeline keeps it.
public struct DeliveryID: RawRepresentable, Sendable, Codable, Hashable {
  public let rawValue: Int64

  public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// What came of an attempt.
public enum DeliveryOutcome: Sendable, Codable, Equatable {
  /// The platform has so many parts; more follow in this attempt.
  case sentParts(Int)
  /// The platform has all of it.
  case sent(platformID: String?)
  case failed(DeliveryFailure)
}

/// Why a platform did not take a text.
public struct DeliveryFailure: Error, Sendable, Codable, Equatable {
  public enum Class: String, Sendable, Codable, CaseIterable {
    /// No connection, a broken one, or a platform out of order: tried again.
    case transient
    /// Too much at once: tried again when the platform says so.
    case busy
    /// The platform does not know the account any more: tried again, slowly.
    case unauthorized
    /// The platform will never take this one.
    case refused
  }

  public let `class`: Class
  /// For operators; without a secret.
  public let message: String
  /// How long the platform wants to be left alone. Seconds.
  public let retryAfter: Int?

  public init(_ class: Class, _ message: String, retryAfter: Int? = nil) {
    (self.class, self.message, self.retryAfter) = (`class`, message, retryAfter)
  }
}

/// A delivery as operators see it.
public struct DeliveryRecord: Sendable, Codable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable {
    case queued
    case sending
    case sent
    /// Given up; an operator may send it again.
    case dead
    /// Given up by an operator.
    case dropped
  }

  public let id: DeliveryID
  public let channel: String
  public let conversation: String
  /// The message that is answered; `nil` for what nobody asked for.
  public let message: MessageID?
  public let state: State
  public let attempts: Int
  public let createdAt: Date
  public let error: String?
  /// Bytes of UTF-8; the text itself is not shown.
  public let size: Int

  public init(
    id: DeliveryID, channel: String, conversation: String, message: MessageID?, state: State,
    attempts: Int, createdAt: Date, error: String?, size: Int
  ) {
    (self.id, self.channel, self.conversation) = (id, channel, conversation)
    (self.message, self.state, self.attempts) = (message, state, attempts)
    (self.createdAt, self.error, self.size) = (createdAt, error, size)
  }
}
