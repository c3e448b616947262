// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

@testable import Channels

/// Texts in parts: nothing lost, nothing over the limit, no sign and no code block cut.
struct TextPartsTests {
  private func parts(_ text: String, _ limit: Int) -> [String] {
    TextParts(limit: limit, size: TextParts.utf16).parts(of: text)
  }

  @Test("what fits is one part")
  func one() {
    #expect(parts("hello", 5) == ["hello"])
    #expect(parts("", 5) == [""])
  }

  @Test("lines are kept together, then words")
  func breaks() {
    #expect(parts("one two\nthree four", 12) == ["one two", "three four"])
    #expect(parts("alpha beta gamma", 11) == ["alpha beta", "gamma"])
    #expect(parts("abcdefghij", 4) == ["abcd", "efgh", "ij"])
  }

  @Test("a code block that is cut is closed and opened again")
  func fences() {
    let text = "```swift\nlet a = 1\nlet b = 2\nlet c = 3\n```\nend"
    let cut = parts(text, 32)
    #expect(cut.count > 1)
    for part in cut {
      #expect(part.split(separator: "\n").filter { $0.hasPrefix("```") }.count.isMultiple(of: 2))
      #expect(part.utf16.count <= 32, "\(part)")
    }
    #expect(cut[1].hasPrefix("```swift\n"))
  }

  @Test("a sign of several scalars is never cut")
  func signs() {
    let family = "👨‍👩‍👧‍👦"
    let cut = parts(String(repeating: family, count: 9), 25)
    #expect(cut.joined() == String(repeating: family, count: 9))
    #expect(cut.allSatisfy { $0.allSatisfy { String($0) == family } })
  }

  @Test("of any text every word arrives, in order, within the limit")
  func anything() {
    let seed = UInt64.random(in: 0 ... .max)
    print("TextPartsTests.anything: KAFCLAW_TEST_SEED=\(seed)")
    var random = SplitMix64(seed: seed)
    let pieces = [
      "a", "word", "\n", "\n\n", " ", "é", "🇩🇪", "\n```swift\n", "\n```\n", "longlonglong",
    ]
    for _ in 0..<500 {
      let text = (0..<Int.random(in: 0...60, using: &random))
        .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
      let limit = Int.random(in: 60...120, using: &random)
      let cut = parts(text, limit)
      #expect(cut.allSatisfy { $0.utf16.count <= limit }, "\(text.debugDescription) \(cut)")
      let unfenced = { (text: String) in
        text.replacing("```swift", with: "").filter { !$0.isWhitespace && $0 != "`" }
      }
      #expect(unfenced(cut.joined()) == unfenced(text), "\(text.debugDescription) \(cut)")
    }
  }
}
