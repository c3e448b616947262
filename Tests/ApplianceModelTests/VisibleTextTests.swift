// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

/// Text as approvers see it.
struct VisibleTextTests {
  @Test(
    "what cannot be seen is a number, and nothing else looks like one",
    arguments: [
      ("plain", "plain"), ("C:\\dir", "C:\\dir"), ("a\u{7}b", "a\\u{7}b"),
      ("a\\u{7}b", "a\\\\u{7}b"), ("a\\\u{7}b", "a\\\\\\u{7}b"), ("\\\\u{", "\\\\\\\\u{"),
      ("\\u", "\\u"), ("end\\", "end\\"), ("\u{202E}x", "\\u{202e}x"),
    ])
  func escapes(text: String, shown: String) {
    #expect(VisibleText.escape(text) == shown)
  }

  @Test("different texts are shown differently, over random ones")
  func injective() {
    let seed = SplitMix64.seed(of: "visible text")
    var random = SplitMix64(seed: seed)
    let alphabet: [String] = ["\\", "\\", "u", "{", "7", "}", "\u{7}", "\u{200B}", "x"]
    var seen: [String: String] = [:]
    for _ in 0..<20_000 {
      let length = Int.random(in: 0...8, using: &random)
      let text = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
      let shown = VisibleText.escape(text)
      #expect(!shown.unicodeScalars.contains(where: VisibleText.isInvisible), "seed \(seed)")
      if let other = seen[shown] {
        #expect(Array(other.utf8) == Array(text.utf8), "seed \(seed)")
      }
      seen[shown] = text
    }
  }
}
