// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

@testable import Policy

/// The table that every look-up of an id goes through.
struct ByteTableTests {
  @Test("a table holds what a dictionary of bytes holds, for random names")
  func holdsLikeADictionary() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "byte table"))
    var table = ByteTable<Int>()
    var expected: [[UInt8]: Int] = [:]
    let letters = ["a", "b", "\u{E9}", "e\u{301}", "\0", "/"]
    func name() -> String {
      (0..<Int.random(in: 0...10, using: &random))
        .compactMap { _ in letters.randomElement(using: &random) }.joined()
    }
    for number in 0..<20_000 {
      let (set, asked) = (name(), name())
      table[set] = number
      expected[Array(set.utf8)] = number
      #expect(table[asked] == expected[Array(asked.utf8)])
    }
    #expect(table.count == expected.count)
    for (bytes, number) in expected {
      #expect(table[String(decoding: bytes, as: UTF8.self)] == number)
    }
  }

  @Test("the first of two same names keeps its number")
  func numbersByPlace() {
    let table = ByteTable(numbering: ["a", "b", "a", "c"])
    #expect(["a", "b", "c", "d"].map { table[$0] } == [0, 1, 3, nil])
  }
}
