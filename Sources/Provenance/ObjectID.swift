// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Ids of git objects: SHA-1 (RFC 3174) over kind, length and content, as 40 hexadecimal digits.
///
/// SHA-1 is no proof of anything: trust comes from the signature over the bytes. The id only shows
/// that these are the bytes that were asked for.
enum ObjectID {
  static func isWellFormed(_ text: some Collection<UInt8>) -> Bool {
    text.count == 40 && text.allSatisfy(Hexadecimal.isDigit)
  }

  /// The id of a commit with exactly this content.
  static func commit(_ content: [UInt8]) -> String {
    Hexadecimal.encode(sha1(Array("commit \(content.count)\0".utf8) + content))
  }

  static func sha1(_ message: [UInt8]) -> [UInt8] {
    let padding = [UInt8](repeating: 0, count: (119 - message.count % 64) % 64)
    let bits = UInt64(message.count) << 3
    let length = stride(from: 56, through: 0, by: -8).map {
      UInt8(truncatingIfNeeded: bits >> UInt64($0))
    }
    let padded = message + [0x80] + padding + length
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    for start in stride(from: 0, to: padded.count, by: 64) {
      mix(padded[start..<start + 64], into: &state)
    }
    return state.flatMap(WireForm.number)
  }

  /// One round of 64 bytes.
  private static func mix(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words: [UInt32] = []
    words.reserveCapacity(80)
    for offset in stride(from: block.startIndex, to: block.endIndex, by: 4) {
      words.append(block[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) })
    }
    for index in 16..<80 {
      let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
      words.append(rotate(mixed, 1))
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for index in 0..<80 {
      let (choice, constant): (UInt32, UInt32) =
        switch index {
        case 0..<20: ((b & c) | (~b & d), 0x5A82_7999)
        case 20..<40: (b ^ c ^ d, 0x6ED9_EBA1)
        case 40..<60: ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC)
        default: (b ^ c ^ d, 0xCA62_C1D6)
        }
      let next = rotate(a, 5) &+ choice &+ e &+ constant &+ words[index]
      (a, b, c, d, e) = (next, a, rotate(b, 30), c, d)
    }
    for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
  }

  private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 {
    value << count | value >> (32 - count)
  }
}
