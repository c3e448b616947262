// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import SodiumCrypto

/// The hash tree over the lines of the log (RFC 9162, 2.1), as far as it is needed to append: the
/// hashes of the full subtrees that make up its size, largest first.
struct HashTree: Sendable, Equatable {
  private(set) var size: UInt64 = 0
  private(set) var frontier: [HashValue] = []

  init() {}

  /// - Returns: `nil` when so many hashes are not those of a tree of this size.
  init?(size: UInt64, frontier: [HashValue]) {
    guard frontier.count == size.nonzeroBitCount else { return nil }
    (self.size, self.frontier) = (size, frontier)
  }

  /// A tree of which only the size is known; its root means nothing.
  init(unknownOf size: UInt64) { self.size = size }

  static func leaf(_ line: UnsafeRawBufferPointer) -> HashValue { HashValue(0, line) }

  static func node(_ left: HashValue, _ right: HashValue) -> HashValue {
    HashValue(1, left, right)
  }

  mutating func append(_ leaf: HashValue) {
    var hash = leaf
    // Each full subtree of the size so far that is as large as the new one is joined with it.
    for _ in 0..<(~size).trailingZeroBitCount {
      guard let left = frontier.popLast() else { break }
      hash = Self.node(left, hash)
    }
    frontier.append(hash)
    size += 1
  }

  /// The hash of the whole tree; SHA-256 of nothing for an empty one.
  var root: HashValue {
    guard var hash = frontier.last else { return Self.empty }
    for left in frontier.dropLast().reversed() { hash = Self.node(left, hash) }
    return hash
  }

  private static let empty = HashValue(SHA256.raw([])) ?? HashValue()
}

/// Collects the way from one leaf to the root while the leaves are read, in any number, once.
struct InclusionPath {
  private let index: UInt64
  private var tree = SubtreePath()

  init(of index: UInt64) { self.index = index }

  mutating func append(_ leaf: HashValue) { tree.append(leaf, isMarked: tree.count == index) }

  /// The siblings on the way up, nearest first; `nil` when the leaf was not among those read.
  mutating func finish() -> [HashValue]? {
    guard tree.count > index else { return nil }
    tree.finish()
    return tree.siblings
  }

  /// Whether a leaf at `index` of a tree of `size` leads to `root` (RFC 9162, 2.1.3.2).
  static func verify(
    leaf: HashValue, index: UInt64, size: UInt64, path: [HashValue], root: HashValue
  ) -> Bool {
    guard index < size else { return false }
    var (first, last, hash) = (index, size - 1, leaf)
    for sibling in path {
      if last == 0 { return false }
      if first & 1 == 1 || first == last {
        hash = HashTree.node(sibling, hash)
        while first & 1 == 0 && first != 0 { (first, last) = (first >> 1, last >> 1) }
      } else {
        hash = HashTree.node(hash, sibling)
      }
      (first, last) = (first >> 1, last >> 1)
    }
    return last == 0 && hash == root
  }
}
