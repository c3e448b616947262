// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import SodiumCrypto
import TestSupport
import Testing

@testable import AuditLog

/// What is collected and verified while leaves are read once is what RFC 9162, 2.1.4 defines over all
/// of them.
struct ConsistencyPathTests {
  /// Leaves of a log with so many lines.
  private static func leaves(_ count: Int, from first: Int = 0) -> [HashValue] {
    (first..<first + count).map { number in
      Array("line \(number)".utf8).withUnsafeBytes { HashTree.leaf($0) }
    }
  }

  /// MTH of 2.1.1.
  private static func root(_ leaves: ArraySlice<HashValue>) -> HashValue {
    guard leaves.count > 1 else { return leaves.first ?? HashTree().root }
    let middle = leaves.startIndex + half(leaves.count)
    return HashTree.node(root(leaves[..<middle]), root(leaves[middle...]))
  }

  /// The largest power of two smaller than a number.
  private static func half(_ count: Int) -> Int {
    var half = 1
    while half * 2 < count { half *= 2 }
    return half
  }

  /// SUBPROOF of 2.1.4.1.
  private static func proof(
    _ older: Int, _ leaves: ArraySlice<HashValue>, isKnown: Bool = true
  ) -> [HashValue] {
    if older == leaves.count { return isKnown ? [] : [root(leaves)] }
    let half = half(leaves.count)
    let middle = leaves.startIndex + half
    if older <= half {
      return proof(older, leaves[..<middle], isKnown: isKnown) + [root(leaves[middle...])]
    }
    return proof(older - half, leaves[middle...], isKnown: false) + [root(leaves[..<middle])]
  }

  /// How many hashes a proof has.
  private static func length(_ older: Int, _ newer: Int, isKnown: Bool = true) -> Int {
    if older == newer { return isKnown ? 0 : 1 }
    let half = half(newer)
    return older <= half
      ? length(older, half, isKnown: isKnown) + 1
      : length(older - half, newer - half, isKnown: false) + 1
  }

  private static func collected(
    _ older: Int, _ leaves: ArraySlice<HashValue>
  ) -> (path: [HashValue]?, olderRoot: HashValue?) {
    var path = ConsistencyPath(since: UInt64(older))
    for leaf in leaves { path.append(leaf) }
    return (path.finish(), path.olderRoot)
  }

  private static func holds(
    _ path: [HashValue], _ older: Int, _ olderRoot: HashValue, _ newer: Int, _ newerRoot: HashValue
  ) -> Bool {
    ConsistencyPath.verify(
      path, older: UInt64(older), olderRoot: olderRoot, newer: UInt64(newer), newerRoot: newerRoot)
  }

  @Test func everyPairOfSizesIsProvedAsTheStandardDoes() {
    let leaves = Self.leaves(130)
    let roots = (0...130).map { Self.root(leaves[..<$0]) }
    for older in 0...130 {
      var path = ConsistencyPath(since: UInt64(older))
      for newer in 0...130 {
        if newer > 0 { path.append(leaves[newer - 1]) }
        var ended = path
        let found = ended.finish()
        #expect((found != nil) == (newer >= older))
        guard let found, newer >= older else { continue }
        #expect(path.olderRoot == roots[older])
        if older > 0 { #expect(found == Self.proof(older, leaves[..<newer]), "\(older), \(newer)") }
        #expect(Self.holds(found, older, roots[older], newer, roots[newer]), "\(older), \(newer)")
      }
    }
  }

  @Test func everyAlteredHashIsRefused() throws {
    let leaves = Self.leaves(40)
    let roots = (0...40).map { Self.root(leaves[..<$0]) }
    let other = try #require(Self.leaves(1, from: 999).first)
    for newer in 2...40 {
      for older in 1..<newer {
        let path = Self.proof(older, leaves[..<newer])
        for index in path.indices {
          var (changed, shorter) = (path, path)
          changed[index] = other
          shorter.remove(at: index)
          #expect(!Self.holds(changed, older, roots[older], newer, roots[newer]))
          #expect(!Self.holds(shorter, older, roots[older], newer, roots[newer]))
        }
        for longer in [path + [other], [other] + path, path + path] {
          #expect(!Self.holds(longer, older, roots[older], newer, roots[newer]))
        }
        #expect(!Self.holds(path, older, other, newer, roots[newer]))
        #expect(!Self.holds(path, older, roots[older], newer, other))
        #expect(!Self.holds(path, older, roots[newer], newer, roots[newer]))
        #expect(!Self.holds(path, newer, roots[older], older, roots[newer]))
      }
    }
  }

  @Test func treesOfOneSizeAreTheSame() throws {
    let (one, other) = (Self.root(Self.leaves(9)[...]), Self.root(Self.leaves(9, from: 1)[...]))
    #expect(Self.holds([], 9, one, 9, one))
    #expect(!Self.holds([], 9, one, 9, other))
    #expect(!Self.holds([one], 9, one, 9, one))
    #expect(!Self.holds([], 0, one, 9, one))
  }

  @Test func largerSizesAreProved() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "ConsistencyPathTests"))
    let leaves = Self.leaves(4_000)
    for _ in 0..<12 {
      let newer = Int.random(in: 131...4_000, using: &random)
      let older = Int.random(in: 1..<newer, using: &random)
      let (found, olderRoot) = Self.collected(older, leaves[..<newer])
      let path = try #require(found)
      #expect(path == Self.proof(older, leaves[..<newer]), "\(older), \(newer)")
      let root = try #require(olderRoot)
      #expect(Self.holds(path, older, root, newer, Self.root(leaves[..<newer])))
      #expect(path.count == Self.length(older, newer))
    }
  }

  @Test func fewerLeavesThanBeforeProveNothing() {
    #expect(Self.collected(9, Self.leaves(8)[...]).path == nil)
    #expect(Self.collected(9, Self.leaves(8)[...]).olderRoot == nil)
  }

  /// 1 KB of hashes is 32 of them.
  @Test func proofOfTenMillionLinesIsShort() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "proofOfTenMillionLinesIsShort"))
    let sizes = (0..<2_000).map { _ in Int.random(in: 1..<10_000_000, using: &random) }
    let longest =
      (sizes + [1, 8_388_607, 9_999_999]).map { Self.length($0, 10_000_000) }.max() ?? 0
    #expect((20...25).contains(longest))
  }

  @Test func hashIsReadFromExactlyItsDigits() {
    let hash = HashTree().root
    func read(_ text: String) -> HashValue? {
      Array(text.utf8).withUnsafeBytes { HashValue(hexadecimal: $0) }
    }
    #expect(read(hash.hexadecimal) == hash)
    for text in ["", "ab", hash.hexadecimal + "00", hash.hexadecimal.uppercased()] {
      #expect(read(text) == nil)
    }
    #expect(read(String(hash.hexadecimal.dropLast()) + "g") == nil)
    // SHA-256 of 0x01 and 64 zero bytes.
    #expect(
      HashTree.node(HashValue(), HashValue()).hexadecimal
        == "ae0798d0ecaed2b778eddebf18f071a561c53658c05e76cedecc27cafbdbc577")
  }
}
