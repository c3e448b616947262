// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import TestSupport
import Testing

/// The text format of Prometheus, version 0.0.4.
struct MetricsTextTests {
  @Test func everyFamilyHasItsHeadAndItsSeries() {
    let metrics = MetricsSnapshot([
      .init(
        "kafclaw_denials_total", .counter, "Messages that were refused.",
        [.init(3, ["reason": "unknown-sender"]), .init(0, ["reason": "channel-disabled"])]),
      .init("kafclaw_ready", .gauge, "Whether it is ready.", [.init(1)]),
      .init("kafclaw_nothing", .gauge, "Has no series yet.", []),
    ])
    let text = """
      # HELP kafclaw_denials_total Messages that were refused.
      # TYPE kafclaw_denials_total counter
      kafclaw_denials_total{reason="unknown-sender"} 3
      kafclaw_denials_total{reason="channel-disabled"} 0
      # HELP kafclaw_ready Whether it is ready.
      # TYPE kafclaw_ready gauge
      kafclaw_ready 1
      # HELP kafclaw_nothing Has no series yet.
      # TYPE kafclaw_nothing gauge

      """
    #expect(metrics.text == text)
  }

  @Test func withoutFamiliesThereIsNoText() {
    #expect(MetricsSnapshot([]).text == "")
  }

  private func line(_ series: MetricsSnapshot.Series) -> String {
    let text = MetricsSnapshot([.init("m", .gauge, "h", [series])]).text
    return String(text.dropFirst("# HELP m h\n# TYPE m gauge\n".count))
  }

  @Test func labelsStandInOneOrder() {
    let series = MetricsSnapshot.Series(7, ["b": "2", "a": "1", "c": ""])
    for _ in 0..<20 { #expect(line(series) == "m{a=\"1\",b=\"2\",c=\"\"} 7\n") }
  }

  @Test(arguments: [0, 1, -1, Int.max, Int.min])
  func valuesAreWrittenInFull(value: Int) {
    #expect(line(.init(value)) == "m \(value)\n")
  }

  @Test(arguments: [
    ("\\", #"\\"#), ("\"", #"\""#), ("\n", #"\n"#), ("a\\nb", #"a\\nb"#), ("\\\"", #"\\\""#),
    ("a\"} 1\nevil{b=\"", #"a\"} 1\nevil{b=\""#), ("é 😀 {},=", "é 😀 {},="), ("\t", "\t"),
    // What is one character for a reader, and several for a parser.
    ("a\r\nb", "a\r" + #"\nb"#), ("\"\u{301}", "\\\"\u{301}"), ("\\\u{301}", "\\\\\u{301}"),
  ])
  func labelValuesAreEscaped(value: String, escaped: String) {
    let found = line(.init(1, ["l": value]))
    #expect(Array(found.utf8) == Array("m{l=\"\(escaped)\"} 1\n".utf8))
  }

  /// Whatever a label is: one line, and the value comes back.
  @Test func labelsOfAnyTextStayInTheirLine() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "metric labels"))
    let scalars: [Unicode.Scalar] = ["\\", "\"", "\n", "\r", "\u{301}", "n", "{", "}", "é", " "]
    for _ in 0..<2_000 {
      var value = ""
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        value.unicodeScalars.append(scalars.randomElement(using: &random) ?? "n")
      }
      let found = Array(line(.init(1, ["l": value])).utf8)
      #expect(found.filter { $0 == UInt8(ascii: "\n") }.count == 1)
      #expect(found.last == UInt8(ascii: "\n"))
      #expect(Self.value(of: found) == Array(value.utf8))
    }
  }

  /// Reads the one label as a scraper does.
  private static func value(of line: [UInt8]) -> [UInt8]? {
    var rest = line.dropFirst("m{l=\"".utf8.count)
    var value: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return Array(rest) == Array("} 1\n".utf8) ? value : nil
      case UInt8(ascii: "\\"):
        guard let next = rest.popFirst() else { return nil }
        value.append(next == UInt8(ascii: "n") ? UInt8(ascii: "\n") : next)
      default: value.append(byte)
      }
    }
    return nil
  }

  @Test func figuresComeBackFromTheLink() throws {
    let metrics = MetricsSnapshot([
      .init("a_total", .counter, "h", [.init(3, ["l": "\"\n"]), .init(.max)]),
      .init("b", .gauge, "", []),
    ])
    let bytes = try ApplianceJSON.encode(metrics)
    #expect(try ApplianceJSON.decode(MetricsSnapshot.self, from: bytes) == metrics)
  }
}
