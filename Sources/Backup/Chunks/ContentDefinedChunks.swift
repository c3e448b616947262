// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// Where content is cut: of databases at multiples of the chunk length, so that a changed page
/// changes one chunk; of other files where their content says, so that what is inserted moves no
/// later cut (FastCDC; Xia et al., USENIX ATC 2016).
struct ContentDefinedChunks: Sendable {
  static let shortest = 64 << 10
  static let average = 128 << 10
  static let longest = RepositoryFormat.chunkLength

  /// Up to the average, cuts are rarer than after it.
  private static let rareMask: UInt64 = 0x0003_5907_0353_0000
  private static let commonMask: UInt64 = 0x0000_D903_0353_0000

  /// Random numbers of this repository: where files are cut tells nothing of them.
  private let gear: [UInt64]

  init(_ keys: RepositoryKeys) {
    gear = (0..<256).map { byte in
      let hash = ContentHash.of(Array("gear".utf8) + [UInt8(byte)], key: keys.ids).bytes
      return hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  /// The length of the first chunk of `bytes`, which begin where a chunk does.
  func cut(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard bytes.count > Self.shortest else { return bytes.count }
    let end = min(bytes.count, Self.longest)
    var fingerprint: UInt64 = 0
    var position = Self.shortest
    while position < end {
      fingerprint = fingerprint << 1 &+ gear[Int(bytes[position])]
      let mask = position < Self.average ? Self.rareMask : Self.commonMask
      position += 1
      if fingerprint & mask == 0 { return position }
    }
    return end
  }
}
