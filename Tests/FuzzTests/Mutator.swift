// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport

/// Makes inputs of a target's seeds and words, the same ones from the same seed.
struct Mutator {
  /// The longest input. Bytes.
  private static let limit = 8 << 10

  private let seeds: [[UInt8]]
  private let words: [[UInt8]]
  private var random: SplitMix64

  init(_ target: any FuzzTarget.Type, seed: UInt64) {
    seeds = target.seeds
    words = target.words.map { Array($0.utf8) }
    random = SplitMix64(seed: seed)
  }

  mutating func next() -> [UInt8] {
    var input = pick(seeds)
    for _ in 0..<Int.random(in: 1...8, using: &random) { change(&input) }
    return Array(input.prefix(Self.limit))
  }

  private mutating func change(_ input: inout [UInt8]) {
    let start = Int.random(in: 0...input.count, using: &random)
    let end = min(input.count, start + Int.random(in: 0...32, using: &random))
    switch Int.random(in: 0..<10, using: &random) {
    case 0 where start < input.count: input[start] ^= 1 << UInt8.random(in: 0...7, using: &random)
    case 1 where start < input.count: input[start] = UInt8.random(in: 0...255, using: &random)
    case 2: input.insert(UInt8.random(in: 0...255, using: &random), at: start)
    case 3: input.removeSubrange(start..<end)
    case 4: input.insert(contentsOf: Array(input[start..<end]), at: position(in: input))
    case 5: input.replaceSubrange(start..<end, with: pick(words))
    case 6: input = Array(input.prefix(start))
    case 7: input = Array(input.prefix(start) + cut(pick(seeds)))
    case 8 where Int.random(in: 0..<16, using: &random) == 0:
      let word = pick(words)
      let times = Int.random(in: 2...1_024, using: &random)
      input.insert(contentsOf: (0..<times).flatMap { _ in word }, at: start)
    default: input.insert(contentsOf: pick(words), at: start)
    }
  }

  private mutating func cut(_ input: [UInt8]) -> ArraySlice<UInt8> {
    input.dropFirst(position(in: input))
  }

  private mutating func position(in input: [UInt8]) -> Int {
    Int.random(in: 0...input.count, using: &random)
  }

  private mutating func pick(_ choices: [[UInt8]]) -> [UInt8] {
    choices.randomElement(using: &random) ?? []
  }
}
