// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// What a channel knows that nobody else may.
public struct ChannelSecrets: Sendable {
  public var signing: SecretValue?
  public var verify: SecretValue?
  public var token: SecretValue?

  public init(
    signing: SecretValue? = nil, verify: SecretValue? = nil, token: SecretValue? = nil
  ) {
    (self.signing, self.verify, self.token) = (signing, verify, token)
  }
}

/// One account on a platform: what arrives there becomes messages, and texts go there.
public protocol ChannelAdapter: Sendable {
  var route: ChannelRoute { get }
  /// The account itself, whatever the channel is called: what arrived at another one is not answered
  /// here. `nil` before the platform told.
  var identity: String? { get }
  /// What operators should know although the channel works; `nil` for nothing.
  var remark: String? { get }

  /// Asks the platform whether it knows the account, and whether it is the one that is declared.
  func prove() async throws(DeliveryFailure)

  /// A text in parts that the platform takes, in their order.
  func parts(of text: String) -> [String]

  /// Sends one part.
  ///
  /// - Parameters:
  ///   - index: Of the part, from 0.
  ///   - key: The same for each attempt at this part; where the platform knows such keys, a second
  ///     attempt changes nothing there.
  /// - Returns: The platform's id of what was sent.
  func send(
    _ part: String, index: Int, key: String, to route: ReplyRoute
  ) async throws(DeliveryFailure) -> String?
}

extension ChannelAdapter {
  public var remark: String? { nil }
}

/// A channel whose platform sends requests.
public protocol WebhookChannel: ChannelAdapter {
  /// The largest body. Bytes.
  var bodyLimit: Int { get }

  /// Looks at the head alone, before anything of the body is read.
  func check(_ head: WebhookRequest, at now: Date) throws(ChannelRefusal)

  /// Verifies a request over its bytes as they arrived, then reads it.
  func receive(_ request: WebhookRequest, at now: Date) throws(ChannelRefusal) -> WebhookReceipt

  /// The headers that prove a body to be the platform's.
  func proof(of body: [UInt8], at now: Date) -> [HostileRequest.Header]

  /// Whether a proof ends with its time.
  var hasWindow: Bool { get }

  /// A body for this account that holds no message.
  var emptyBody: [UInt8] { get }

  /// A body for another account; `nil` where a channel has none.
  var foreignBody: [UInt8]? { get }

  /// Answers the request by which a platform makes sure of a webhook; `nil` where it has none.
  func handshake(_ request: WebhookRequest) throws(ChannelRefusal) -> WebhookAnswer?
}

extension WebhookChannel {
  public func handshake(_: WebhookRequest) throws(ChannelRefusal) -> WebhookAnswer? { nil }
  public var hasWindow: Bool { true }
  public var emptyBody: [UInt8] { Array(#"{"type":"probe"}"#.utf8) }
  public var foreignBody: [UInt8]? { nil }
}

/// A channel that asks its platform.
public protocol PollingChannel: ChannelAdapter {
  /// Waits for what is new, at most half a minute.
  ///
  /// - Parameter cursor: Of the last poll whose messages were stored; `nil` for the first.
  func poll(after cursor: String?) async throws(DeliveryFailure) -> ChannelPoll

  /// Joins a room.
  func join(_ room: String) async throws(DeliveryFailure)
}

extension PollingChannel {
  public func join(_: String) async throws(DeliveryFailure) {}
}

/// What a poll brought.
public struct ChannelPoll: Sendable {
  /// Somebody wants the account in a room.
  public struct Invitation: Sendable, Equatable {
    public let room: String
    /// In the form of the access lists.
    public let sender: String
  }

  public let messages: [InboundMessage]
  /// Where the next poll goes on, once the messages are stored.
  public let cursor: String
  public let invitations: [Invitation]
  /// What could not be read and is passed over.
  public let unreadable: Int

  init(
    _ messages: [InboundMessage], cursor: String, invitations: [Invitation] = [],
    unreadable: Int = 0
  ) {
    (self.messages, self.cursor) = (messages, cursor)
    (self.invitations, self.unreadable) = (invitations, unreadable)
  }
}

/// A request to a channel's webhook.
public struct WebhookRequest: Sendable {
  /// Names in lower case.
  public let headers: [(name: String, value: String)]
  /// Without the question mark, as it arrived.
  public let query: String
  public var body: [UInt8]

  public init(headers: [(name: String, value: String)], query: String = "", body: [UInt8] = []) {
    (self.headers, self.query, self.body) = (headers, query, body)
  }

  /// A header that is there once. Of two one may be somebody else's.
  func header(_ name: String) -> String? {
    let values = headers.filter { $0.name == name }
    return values.count == 1 ? values[0].value : nil
  }
}

/// The answer to a request.
public struct WebhookAnswer: Sendable, Equatable {
  public let status: Int
  public let type: String
  public let body: String
  /// Seconds.
  public let retryAfter: Int?

  public init(
    _ status: Int = 200, type: String = "text/plain; charset=utf-8", _ body: String = "",
    retryAfter: Int? = nil
  ) {
    (self.status, self.type, self.body, self.retryAfter) = (status, type, body, retryAfter)
  }
}

/// What a request brought, and its answer once that is stored.
public struct WebhookReceipt: Sendable {
  public let messages: [InboundMessage]
  /// Somebody pressed a button about a waiting call.
  public let word: ChannelWord?
  public let answer: @Sendable ([Admission]) -> WebhookAnswer

  init(
    _ messages: [InboundMessage] = [], word: ChannelWord? = nil,
    answer: @escaping @Sendable ([Admission]) -> WebhookAnswer = { _ in WebhookAnswer() }
  ) {
    (self.messages, self.word, self.answer) = (messages, word, answer)
  }
}
