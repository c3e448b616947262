// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// An answer of a store, as a whole.
struct S3Answer: Sendable {
  let status: Int
  let headers: HTTPHeaders
  /// Of an error no more than ``AnswerCollector/errorLimit``.
  let body: [UInt8]

  func header(_ name: String) -> String? { headers.first(name: name) }

  /// Whether the end of the body is certain. Without an announced end a broken connection looks
  /// like one (RFC 9112, 6.3).
  var hasAnnouncedEnd: Bool {
    if let length = header("content-length") { return Int(length) == body.count }
    return header("transfer-encoding")?.lowercased().hasSuffix("chunked") ?? false
  }

  /// What an error says of itself (S3 API Reference, "REST error responses").
  var errorCode: String? {
    guard let document = XMLReader.document(body), document.name == "Error",
      let code = document.text(of: "Code"), (1...64).contains(code.utf8.count),
      code.utf8.allSatisfy({
        S3Address.isLowerOrDigit($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
      })
    else { return nil }
    return code
  }
}

/// A request on its way.
typealias Sending = HTTPClient.Task

/// Takes an answer up to a limit.
final class AnswerCollector: HTTPClientResponseDelegate {
  typealias Response = S3Answer

  /// The body is longer than whoever asked wants it.
  struct Excess: Error {}

  static let errorLimit = 64 << 10

  private struct State {
    var head: HTTPResponseHead?
    var body: [UInt8] = []
  }

  private let limit: Int
  private let isHead: Bool
  private let state = Mutex(State())

  /// - Parameter limit: Of the body of a success. Bytes.
  init(limit: Int, method: String) {
    (self.limit, isHead) = (limit, method == "HEAD")
  }

  func didReceiveHead(
    task: Sending<S3Answer>, _ head: HTTPResponseHead
  ) -> EventLoopFuture<Void> {
    let announced = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    let isTooLong = Self.isSuccess(head) && !isHead && announced > limit
    state.withLock {
      $0.head = head
      if !isHead, !isTooLong, Self.isSuccess(head) { $0.body.reserveCapacity(max(0, announced)) }
    }
    return isTooLong
      ? task.eventLoop.makeFailedFuture(Excess()) : task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(
    task: Sending<S3Answer>, _ buffer: ByteBuffer
  ) -> EventLoopFuture<Void> {
    let isTooLong = state.withLock { state in
      let isSuccess = state.head.map(Self.isSuccess) ?? false
      let space = (isSuccess ? limit : Self.errorLimit) - state.body.count
      state.body += buffer.readableBytesView.prefix(max(0, space))
      return isSuccess && buffer.readableBytes > space
    }
    return isTooLong
      ? task.eventLoop.makeFailedFuture(Excess()) : task.eventLoop.makeSucceededVoidFuture()
  }

  func didFinishRequest(task: Sending<S3Answer>) throws -> S3Answer {
    try state.withLock { state in
      guard let head = state.head else { throw HTTPClientError.remoteConnectionClosed }
      return S3Answer(status: Int(head.status.code), headers: head.headers, body: state.body)
    }
  }

  private static func isSuccess(_ head: HTTPResponseHead) -> Bool {
    (200...299).contains(head.status.code)
  }
}
