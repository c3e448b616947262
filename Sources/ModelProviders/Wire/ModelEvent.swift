// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What a provider's stream says, whatever its protocol.
enum ModelEvent: Equatable, Sendable {
  /// Why a model stopped.
  enum Stop: Equatable, Sendable {
    case end
    case toolCalls
    /// The tokens of the answer, or of the model, are used up.
    case length
    case contentFilter
    case other(String)
  }

  case model(String)
  case text(String)
  /// A call begins, or more is known of one that began: empty text means unknown.
  case toolCallStart(slot: Int, name: String, reference: String)
  case toolCallArguments(slot: Int, String)
  case toolCallEnd(slot: Int)
  /// Numbers so far; a later event may know more.
  case usage(input: Int?, output: Int?)
  case stop(Stop)
  case failure(ErrorDescription)
  /// Nothing of meaning follows.
  case end
}

/// An error as a provider describes it.
struct ErrorDescription: Equatable, Sendable {
  var type: String?
  var code: String?
  var message: String?
  /// A status inside the body, where a proxy answers 200.
  var status: Int?

  init(
    type: String? = nil, code: String? = nil, message: String? = nil, status: Int? = nil
  ) {
    (self.type, self.code, self.message, self.status) = (type, code, message, status)
  }
}

/// Turns a protocol's messages into events. A stream that does not follow the protocol ends with
/// ``MalformedAnswer``.
protocol ModelEventDecoder: Sendable {
  mutating func events(of event: ServerSentEvent) throws -> [ModelEvent]
  /// The events of an answer that was not streamed.
  mutating func events(ofWhole body: [UInt8]) throws -> [ModelEvent]
}

struct MalformedAnswer: Error, Equatable {
  let reason: String
}
