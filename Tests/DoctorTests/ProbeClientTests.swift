// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Doctor

/// The probes' own client: what it reads of an answer, and that it ends.
@Suite(.timeLimit(.minutes(2)))
struct ProbeClientTests {
  private func answers(_ text: String, toHead: Bool = false) -> [HTTPAnswer] {
    HTTPAnswer.all(in: Array(text.utf8), toHead: toHead)
  }

  @Test func readsAnAnswer() throws {
    let answer = try #require(
      answers("HTTP/1.1 404 Not Found\r\nX-A:  b \r\nContent-Length: 2\r\n\r\nhi").first)
    #expect(answer.status == 404)
    #expect(answer["x-a"] == "b")
    #expect(answer.body == Array("hi".utf8))
    #expect(answer.isWhole)
  }

  @Test func readsSeveralAnswers() {
    let one = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    let chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"
    let interim = "HTTP/1.1 100 Continue\r\n\r\n"
    let found = answers(interim + one + chunked + "HTTP/1.1 204 No Content\r\n\r\n" + one)
    #expect(found.map(\.status) == [200, 200, 204, 200])
    #expect(found.map { String(decoding: $0.body, as: UTF8.self) } == ["hi", "abc", "", "hi"])
    #expect(found.map(\.isWhole) == [true, true, true, true])
  }

  @Test func answerToHeadHasNoBody() {
    let one = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"
    #expect(answers(one + one, toHead: true).map(\.isWhole) == [true, true])
    #expect(answers(one).map(\.isWhole) == [false])
  }

  @Test(arguments: [
    "", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "220 ready\r\n\r\n", "HTTP/1.1\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/2 200\r\n\r\n", "\r\n\r\n",
  ])
  func findsNoAnswerInOtherBytes(text: String) {
    #expect(answers(text) == [])
  }

  @Test(arguments: [
    "Content-Length: 99999999999999999999999999", "Content-Length: -1", "Content-Length: x",
    "Transfer-Encoding: chunked\r\nContent-Length: 2",
  ])
  func answerWithoutAnEndIsNotWhole(field: String) throws {
    let answer = try #require(answers("HTTP/1.1 200 OK\r\n\(field)\r\n\r\nfffffffff\r\nhi").first)
    #expect(!answer.isWhole)
  }

  @Test func noBytesEndTheProgram() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "noBytesEndTheProgram"))
    let parts = [
      "HTTP/1.1 200 OK\r\n", "\r\n", "\r\n\r\n", "Content-Length: 5", "Content-Length: ", ":",
      "Transfer-Encoding: chunked\r\n\r\n", "fffffff\r\n", "0\r\n", "7\r\n", "abc", "\0", "\n",
      "9223372036854775807", "HTTP/1.1 100 \r\n\r\n",
    ]
    for _ in 0..<3_000 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        bytes += Array((parts.randomElement(using: &random) ?? "").utf8)
        if Bool.random(using: &random) { bytes.append(UInt8.random(in: 0...255, using: &random)) }
      }
      for answer in HTTPAnswer.all(in: bytes) { #expect((0...999).contains(answer.status)) }
    }
  }

  @Test func readsAddresses() throws {
    #expect(
      try ProbeAddress(url: "http://127.0.0.1:18790")
        == ProbeAddress(host: "127.0.0.1", port: 18_790))
    #expect(try ProbeAddress(url: "http://localhost:1/").description == "127.0.0.1:1")
    #expect(try ProbeAddress(url: "http://[::1]:18790").description == "[::1]:18790")
    for url in [
      "", "http://", "https://127.0.0.1:1", "http://127.0.0.1", "http://example.org:80",
      "http://127.0.0.1:99999", "http://[::1]", "http://:80",
    ] {
      #expect(throws: ApplianceError.self, "\(url)") { try ProbeAddress(url: url) }
    }
  }

  @Test func nobodyWhoListensIsAnError() async throws {
    let port = try { try ScriptedListener { _ in }.port }()
    await #expect(throws: ApplianceError.self) {
      _ = try await HTTPProbe(address: ProbeAddress(host: "127.0.0.1", port: port)).exchange([])
    }
  }

  @Test func exchangeEndsWhenItsTimeIsOver() async throws {
    let listener = try ScriptedListener { connection in
      // `try?`: nothing comes, and then the connection ends.
      _ = try? connection.take(1_000, until: Date(timeIntervalSinceNow: 60))
    }
    defer { withExtendedLifetime(listener) {} }
    let address = ProbeAddress(host: "127.0.0.1", port: listener.port)
    let exchange = try await HTTPProbe(address: address, limit: 0.3)
      .exchange([.init(bytes: [0x61], times: 1_000, pause: 0.02)], until: .closed)
    #expect(!exchange.isClosed)
    #expect((1...50).contains(exchange.sent))
    #expect((0.3...30).contains(exchange.seconds))
    #expect(exchange.words.hasPrefix("no answer within "))
  }

  @Test func endlessAnswerIsCut() async throws {
    let listener = try ScriptedListener { connection in
      connection.write([UInt8](repeating: 0x61, count: 8 << 20))
    }
    defer { withExtendedLifetime(listener) {} }
    let address = ProbeAddress(host: "127.0.0.1", port: listener.port)
    let exchange = try await HTTPProbe(address: address).exchange([], until: .closed)
    #expect(exchange.received == HTTPProbe.answerLimit)
    #expect(exchange.answers == [])
  }

  @Test func peerThatHangsUpIsSeen() async throws {
    let listener = try ScriptedListener { _ in }
    defer { withExtendedLifetime(listener) {} }
    let address = ProbeAddress(host: "127.0.0.1", port: listener.port)
    let exchange = try await HTTPProbe(address: address)
      .exchange([.init(bytes: [UInt8](repeating: 0x61, count: 1 << 20), times: 64)])
    #expect(exchange.isClosed)
    #expect(exchange.words == "closed without an answer")
  }
}
