// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

@testable import ModelProviders

/// The parser of server-sent events, by the rules of the HTML Standard §9.2.6.
struct ServerSentEventTests {
  private static func event(_ data: String, name: String? = nil) -> ServerSentEventParser.Item {
    .event(ServerSentEvent(name: name, data: Array(data.utf8)))
  }

  static let cases: [(String, [ServerSentEventParser.Item])] = [
    ("data: a\n\n", [event("a")]), ("data: a\r\n\r\n", [event("a")]),
    ("data: a\r\r", [event("a")]), ("data: a\r\n\n", [event("a")]),
    ("\u{FEFF}data: a\n\n", [event("a")]), ("data:a\n\n", [event("a")]),
    ("data:  a\n\n", [event(" a")]), ("data: a: b\n\n", [event("a: b")]),
    ("data: a\ndata: b\n\n", [event("a\nb")]), ("data\n\n", [event("")]),
    ("event: x\ndata: a\n\ndata: b\n\n", [event("a", name: "x"), event("b")]),
    ("event: x\n\ndata: b\n\n", [event("b")]), (": keep-alive\n\n", [.comment]),
    (":\ndata: a\n\n", [.comment, event("a")]),
    ("id: 1\nretry: 5\nother: x\ndata: a\n\n", [event("a")]),
    ("data: a\n", []), ("data: a", []), ("", []), ("\n\n\n", []),
    ("data: [DONE]\n\n", [event("[DONE]")]), ("data: a\n\u{FEFF}data: b\n\n", [event("a")]),
  ]

  @Test("every form of a stream gives its events", arguments: cases.indices)
  func forms(index: Int) throws {
    let (text, items) = Self.cases[index]
    var parser = ServerSentEventParser()
    #expect(try parser.feed(text.utf8) == items, "\(text.debugDescription)")
  }

  @Test("chunks do not matter")
  func chunks() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "ServerSentEventTests.chunks"))
    for (text, items) in Self.cases {
      for _ in 0..<50 {
        var (parser, got) = (ServerSentEventParser(), [ServerSentEventParser.Item]())
        for chunk in Array(text.utf8).cut(with: &random) { got += try parser.feed(chunk) }
        #expect(got == items, "\(text.debugDescription)")
      }
    }
  }

  @Test("lines and streams are bounded, to the byte")
  func bounds() throws {
    var fits = ServerSentEventParser(lineLimit: 7, totalLimit: 9)
    #expect(try fits.feed("data: a\n\n".utf8) == [Self.event("a")])
    #expect(throws: ServerSentEventParser.Excess.total(limit: 9)) { try fits.feed("\n".utf8) }
    var line = ServerSentEventParser(lineLimit: 6)
    #expect(throws: ServerSentEventParser.Excess.line(limit: 6)) { try line.feed("data: a".utf8) }
  }

  @Test("any bytes are parsed without a trap")
  func fuzz() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "ServerSentEventTests.fuzz"))
    let alphabet = Array("data:event \r\n\u{FEFF}{}[]\"\\0".utf8)
    for _ in 0..<2_000 {
      var parser = ServerSentEventParser(lineLimit: 64, totalLimit: 256)
      let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
        Bool.random(using: &random)
          ? alphabet.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
      }
      do {
        for chunk in bytes.cut(with: &random) { _ = try parser.feed(chunk) }
      } catch {
        continue  // one of the bounds: no other error is possible
      }
    }
  }
}

extension [UInt8] {
  /// In pieces of random lengths, most of them short.
  func cut(with random: inout SplitMix64) -> [[UInt8]] {
    var (rest, pieces) = (self[...], [[UInt8]]())
    while !rest.isEmpty {
      let longest = Bool.random(using: &random) ? 3 : 200
      let piece = rest.prefix(Int.random(in: 1...longest, using: &random))
      pieces.append(Array(piece))
      rest = rest.dropFirst(piece.count)
    }
    return pieces
  }
}
