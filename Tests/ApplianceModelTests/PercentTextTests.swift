// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@Suite("Percent-encoded text")
struct PercentTextTests {
  @Test("every byte but the unreserved ones is encoded, once")
  func encoding() {
    #expect(PercentText.encode("AZaz09-._~") == "AZaz09-._~")
    #expect(PercentText.encode("a b+c%2F/\u{e4}*") == "a%20b%2Bc%252F%2F%C3%A4%2A")
    #expect(PercentText.encode("/a b/../c//d", keepingSlashes: true) == "/a%20b/../c//d")
  }

  @Test(
    "what is not encoded as it should be is refused",
    arguments: ["%", "%4", "%zz", "%+1", "%-1", "a%", "%ff", "%c3"])
  func refused(text: String) {
    #expect(PercentText.decode(text) == nil)
  }

  @Test("digits of either case are read, and a plus sign as a space")
  func decoding() {
    #expect(PercentText.decode("a+b%20%C3%a4%2B") == "a b \u{e4}+")
    #expect(PercentText.decode("") == "")
  }

  @Test("whatever is encoded is read again")
  func roundTrip() {
    let seed = SplitMix64.seed(of: "percent text")
    var random = SplitMix64(seed: seed)
    for _ in 0..<200 {
      let text = String(
        decoding: (0..<Int.random(in: 0...40, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }, as: UTF8.self)
      #expect(PercentText.decode(PercentText.encode(text)) == text, "seed \(seed)")
    }
  }

  @Test("fields are read in their order, and no more than asked for")
  func fields() {
    let found = PercentText.fields(of: "a=1&b&&c=x%3Dy=z&%zz=1&d=2", atMost: 4)
    #expect(found.map { $0?.name } == ["a", "b", "c", nil])
    #expect(found.map { $0?.value } == ["1", "", "x=y=z", nil])
  }
}
