// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO

/// A raw HTTP/1.1 client for requests that a well-behaved client would not send: bytes out, bytes
/// in, and an end to everything.
struct HTTPProbe: Sendable {
  let address: ProbeAddress
  /// For connecting, sending and reading together. Seconds.
  var limit = 10.0

  /// Bytes to send.
  struct Piece: Sendable {
    let bytes: [UInt8]
    /// How often they are sent.
    var times = 1
    /// Before each time. Seconds.
    var pause = 0.0
  }

  /// What ends an exchange before its time is over; the end of the connection always does.
  enum Ending: Sendable {
    /// The first answer is whole.
    case answer
    case closed
    /// Something came, and nothing more for so many seconds.
    case silence(Double)
  }

  /// So much of an answer is kept. Bytes.
  static let answerLimit = 64 << 10

  /// - Throws: `probe.failed` when there is no connection.
  func exchange(
    _ pieces: [Piece], until ending: Ending = .answer, toHead: Bool = false
  ) async throws -> HTTPExchange {
    let (address, limit) = (address, limit)
    return try await BlockingWork.run("probe") {
      var conversation = try ProbeConversation(address, limit: limit, pieces, toHead: toHead)
      return try conversation.run(until: ending)
    }
  }
}

/// What came of an exchange.
struct HTTPExchange: Sendable {
  let answers: [HTTPAnswer]
  /// Bytes that came, HTTP or not.
  let received: Int
  /// Whether the peer ended the connection.
  let isClosed: Bool
  /// Bytes that the kernel took from us.
  let sent: Int
  /// From the connection to the end.
  let seconds: Double

  var status: Int? { answers.first?.status }

  /// In words, for evidence.
  var words: String {
    if answers.count > 1 {
      return "\(answers.count) answers: " + answers.map { "\($0.status)" }.joined(separator: ", ")
    }
    if let status { return "\(status)" }
    if received > 0 { return "\(received) bytes that are no answer" }
    return isClosed ? "closed without an answer" : "no answer within \(Int(seconds.rounded())) s"
  }
}
