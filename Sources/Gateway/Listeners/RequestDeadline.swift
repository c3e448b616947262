// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import NIOCore
import NIOHTTPTypes

/// Closes a connection whose request does not arrive in time: who sends it byte by byte must not hold
/// a connection. An idle timeout alone is put off by every byte.
///
/// Stands behind the decoder, so that what it sees are whole heads, parts of bodies, and ends. Used by
/// the thread of its connection alone.
final class RequestDeadline: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// How long each part may take. Seconds.
  struct Limits: Sendable {
    /// From the connection to its first head.
    var firstHead: Int64 = 10
    /// From an answer to the next head.
    var laterHead: Int64 = 75
    /// From a head to the end of its body.
    var body: Int64 = 20
    /// From an answer to the end of a body that it did not wait for.
    var unwantedBody: Int64 = 2
    /// From the end of a request to the end of its answer, which a client may fail to read.
    var answer: Int64 = 120
    /// Requests that a client may send before it got an answer.
    var pipelined = 8
  }

  private let limits: Limits
  private var timer: Scheduled<Void>?
  private var isReading = false
  /// Requests whose answer has not ended: a client may send several at once.
  private var unanswered = 0

  init(_ limits: Limits = Limits()) { self.limits = limits }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { start(limits.firstHead, context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    start(limits.firstHead, context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      (isReading, unanswered) = (true, unanswered + 1)
      guard unanswered <= limits.pipelined else {
        stop()
        return context.close(promise: nil)
      }
      start(limits.body, context)
    case .body: break
    case .end:
      isReading = false
      // An answer may end before what it answers.
      start(unanswered == 0 ? limits.laterHead : limits.answer, context)
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) {
      unanswered = max(0, unanswered - 1)
      if unanswered == 0 {
        start(isReading ? limits.unwantedBody : limits.laterHead, context)
      } else if !isReading {
        start(limits.answer, context)
      }
    }
    context.write(data, promise: promise)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  private func start(_ seconds: Int64, _ context: ChannelHandlerContext) {
    stop()
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: .seconds(seconds)) {
      channel.close(mode: .all, promise: nil)
    }
  }

  private func stop() {
    timer?.cancel()
    timer = nil
  }
}
