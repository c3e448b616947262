// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Gateway

/// Connections that send slowly, with a clock of the test.
struct RequestDeadlineTests {
  private static let limits = RequestDeadline.Limits()

  /// A connection that was just accepted.
  private func connect(
    _ handler: RequestDeadline = RequestDeadline()
  ) throws -> EmbeddedChannel {
    let channel = EmbeddedChannel(handler: handler)
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    #expect(channel.isActive)
    return channel
  }

  /// A channel must not be dropped while it is open.
  private func finish(_ channel: EmbeddedChannel) {
    // `try?`: what a connection ended with is not asked for here.
    _ = try? channel.finish(acceptAlreadyClosed: true)
  }

  private func pass(_ seconds: Int64, on channel: EmbeddedChannel) {
    channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
  }

  /// Passes so many seconds, in the last of which the connection is closed.
  private func expectClosed(
    after seconds: Int64, _ channel: EmbeddedChannel,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    pass(seconds - 1, on: channel)
    #expect(channel.isActive, sourceLocation: sourceLocation)
    pass(1, on: channel)
    #expect(!channel.isActive, sourceLocation: sourceLocation)
  }

  // What the decoder gives on; half a head is nothing yet.

  private func sendHead(to channel: EmbeddedChannel) throws {
    let head = HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/chat")
    try channel.writeInbound(HTTPRequestPart.head(head))
  }

  private func sendBody(to channel: EmbeddedChannel) throws {
    try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "x")))
  }

  private func sendEnd(to channel: EmbeddedChannel) throws {
    try channel.writeInbound(HTTPRequestPart.end(nil))
  }

  private func sendRequest(to channel: EmbeddedChannel) throws {
    try sendHead(to: channel)
    try sendEnd(to: channel)
  }

  private func beginAnswer(
    _ status: HTTPResponse.Status = .ok, on channel: EmbeddedChannel
  ) throws {
    try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: status)))
  }

  private func answer(on channel: EmbeddedChannel) throws {
    try beginAnswer(on: channel)
    try channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(string: "ok")))
    try channel.writeOutbound(HTTPResponsePart.end(nil))
  }

  // MARK: The first head

  @Test func aConnectionWithoutAHeadIsClosed() throws {
    let channel = try connect()
    defer { finish(channel) }
    expectClosed(after: Self.limits.firstHead, channel)
  }

  /// A handler that comes when the connection is there already.
  @Test func theDeadlineHoldsForAnActiveConnection() throws {
    let channel = EmbeddedChannel()
    defer { finish(channel) }
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    try channel.pipeline.syncOperations.addHandler(RequestDeadline())
    expectClosed(after: Self.limits.firstHead, channel)
  }

  @Test func aHeadInTimeIsTakenAndPassedOn() throws {
    let channel = try connect()
    defer { finish(channel) }
    pass(Self.limits.firstHead - 1, on: channel)
    try sendRequest(to: channel)
    pass(Self.limits.answer - 1, on: channel)
    #expect(channel.isActive)
    guard case .head = try channel.readInbound(as: HTTPRequestPart.self) else {
      Issue.record("no head")
      return
    }
  }

  // MARK: Bodies

  @Test func aBodyThatIsSentTooSlowlyIsNotWaitedFor() throws {
    let channel = try connect()
    defer { finish(channel) }
    try sendHead(to: channel)
    for _ in 1..<Self.limits.body {
      pass(1, on: channel)
      try sendBody(to: channel)
    }
    expectClosed(after: 1, channel)
  }

  @Test func aBodyThatIsSentInTimeIsTaken() throws {
    let channel = try connect()
    defer { finish(channel) }
    try sendHead(to: channel)
    for _ in 1..<Self.limits.body {
      pass(1, on: channel)
      try sendBody(to: channel)
    }
    try sendEnd(to: channel)
    pass(Self.limits.answer - 1, on: channel)
    #expect(channel.isActive)
  }

  /// It has its own time, from its head on.
  @Test func aBodyIsNotBoundByTheDeadlineOfTheHead() throws {
    let channel = try connect()
    defer { finish(channel) }
    pass(Self.limits.firstHead - 1, on: channel)
    try sendHead(to: channel)
    expectClosed(after: Self.limits.body, channel)
  }

  @Test func aBodyThatNobodyWantsHasLessTime() throws {
    let channel = try connect()
    defer { finish(channel) }
    try sendHead(to: channel)
    try sendBody(to: channel)
    try answer(on: channel)
    try sendBody(to: channel)
    expectClosed(after: Self.limits.unwantedBody, channel)
  }

  /// "100 Continue" is no answer.
  @Test func anInterimAnswerShortensNothing() throws {
    let channel = try connect()
    defer { finish(channel) }
    try sendHead(to: channel)
    try beginAnswer(.continue, on: channel)
    expectClosed(after: Self.limits.body, channel)
  }

  // MARK: Answers

  @Test func aSlowAnswerIsWaitedFor() throws {
    let channel = try connect()
    defer { finish(channel) }
    try sendRequest(to: channel)
    pass(Self.limits.answer - 2, on: channel)
    try beginAnswer(on: channel)
    pass(1, on: channel)
    try channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(string: "x")))
    #expect(channel.isActive)
    try channel.writeOutbound(HTTPResponsePart.end(nil))
    expectClosed(after: Self.limits.laterHead, channel)
  }

  /// What a client does not read never ends.
  @Test func anAnswerThatDoesNotEndIsNotWaitedForWithoutEnd() throws {
    let channel = try connect()
    defer { finish(channel) }
    try sendRequest(to: channel)
    try beginAnswer(on: channel)
    expectClosed(after: Self.limits.answer, channel)
  }

  @Test func whoSendsManyRequestsWithoutReadingAnswersIsCutOff() throws {
    let channel = try connect()
    defer { finish(channel) }
    for _ in 0..<Self.limits.pipelined { try sendRequest(to: channel) }
    #expect(channel.isActive)
    try sendHead(to: channel)
    #expect(!channel.isActive)
  }

  // MARK: Later heads

  @Test func aConnectionThatIsKeptWaitsLongerForItsNextHead() throws {
    let channel = try connect()
    defer { finish(channel) }
    for _ in 0..<3 {
      try sendRequest(to: channel)
      try answer(on: channel)
      pass(Self.limits.laterHead - 1, on: channel)
      #expect(channel.isActive)
    }
    expectClosed(after: 1, channel)
  }

  /// Also after an answer that came before the end of its request: a refusal needs no body.
  @Test func theNextHeadHasADeadlineAfterAnEarlyAnswer() throws {
    let channel = try connect()
    defer { finish(channel) }
    try sendHead(to: channel)
    try answer(on: channel)
    try sendBody(to: channel)
    try sendEnd(to: channel)
    expectClosed(after: Self.limits.laterHead, channel)
  }

  @Test func requestsThatAreSentAtOnceWaitForTheirAnswers() throws {
    let channel = try connect()
    defer { finish(channel) }
    for _ in 1...3 { try sendRequest(to: channel) }
    for _ in 1...2 {
      try answer(on: channel)
      pass(Self.limits.answer - 1, on: channel)
      #expect(channel.isActive)
    }
    try answer(on: channel)
    expectClosed(after: Self.limits.laterHead, channel)
  }

  /// The answer that ends is not that of the request whose body is on its way.
  @Test func aBodyBehindAnotherRequestHasItsWholeTime() throws {
    let channel = try connect()
    defer { finish(channel) }
    try sendRequest(to: channel)
    try sendHead(to: channel)
    pass(1, on: channel)
    try answer(on: channel)
    expectClosed(after: Self.limits.body - 1, channel)
  }

  /// What is no HTTP is answered without a request.
  @Test func anAnswerToNothingCountsForNothing() throws {
    let channel = try connect()
    defer { finish(channel) }
    try answer(on: channel)
    try sendRequest(to: channel)
    pass(Self.limits.answer - 1, on: channel)
    #expect(channel.isActive)
    try answer(on: channel)
    expectClosed(after: Self.limits.laterHead, channel)
  }

  // MARK: Ends

  @Test func aClosedConnectionNeedsNoDeadline() throws {
    let channel = try connect()
    defer { finish(channel) }
    channel.close(promise: nil)
    channel.embeddedEventLoop.run()
    #expect(!channel.isActive)
    pass(1_000, on: channel)
  }

  @Test func aHandlerThatWasTakenOutClosesNothing() throws {
    let handler = RequestDeadline()
    let channel = try connect(handler)
    defer { finish(channel) }
    channel.pipeline.syncOperations.removeHandler(handler, promise: nil)
    pass(1_000, on: channel)
    #expect(channel.isActive)
  }

  /// The listeners have it, behind a decoder: their idle timeout alone would take longer than this
  /// waits.
  @Test(.timeLimit(.minutes(2)))
  func aListenerClosesAConnectionWithHalfARequest() async throws {
    let requests = [
      "", "GET /healthz HTTP/1.1\r\nHost:",
      "POST /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{",
    ]
    try await RunningGateway.run { gateway in
      let ports = [gateway.port, gateway.dashboard, gateway.port]
      let descriptors = try ports.map { try Port.connect(to: $0) }
      defer { for descriptor in descriptors { close(descriptor) } }
      for (descriptor, text) in zip(descriptors, requests) {
        let bytes = Array(text.utf8)
        #expect(
          Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
      }
      for descriptor in descriptors { #expect(await Self.isClosed(descriptor, within: 40)) }
    }
  }

  /// Whether the other side closes the connection in so many seconds, after whatever it says. Waits
  /// on a thread of its own.
  private static func isClosed(_ descriptor: Int32, within seconds: Int) async -> Bool {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(
          descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var (byte, count): (UInt8, Int) = (0, 1)
        while count > 0 { count = read(descriptor, &byte, 1) }
        continuation.resume(returning: count == 0 || errno == ECONNRESET)
      }
    }
  }
}
