// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import SodiumCrypto

/// Collects the hashes which show that a tree continues an older one (RFC 9162, 2.1.4.1), while its
/// leaves are read once.
///
/// They are the last full subtree of the older tree, which is whole in every later one, and the
/// siblings on its way to the later root. Where the older tree is that subtree, its hash is known.
struct ConsistencyPath {
  private let older: UInt64
  private var tree = SubtreePath()
  private var first: [HashValue] = []
  /// Root over as many leaves as the older tree has; `nil` before they were read.
  private(set) var olderRoot: HashValue?

  /// - Parameter size: Leaves of the older tree.
  init(since size: UInt64) {
    older = size
    if size == 0 { olderRoot = tree.root }
  }

  mutating func append(_ leaf: HashValue) {
    tree.append(leaf)
    guard tree.count == older else { return }
    olderRoot = tree.root
    guard let newest = tree.markNewest(), newest.size < older else { return }
    first = [newest.hash]
  }

  /// The hashes in the order of the RFC; none where both trees are one, or the older one is empty.
  /// `nil` when fewer leaves were read than the older tree has.
  mutating func finish() -> [HashValue]? {
    guard tree.count >= older else { return nil }
    guard older > 0, tree.count > older else { return [] }
    tree.finish()
    return first + tree.siblings
  }

  /// Whether the tree of `newer` leaves begins with the leaves of the older one (RFC 9162, 2.1.4.2).
  /// Two trees of one size are to be the same; every tree continues the empty one.
  static func verify(
    _ path: [HashValue], older: UInt64, olderRoot: HashValue, newer: UInt64, newerRoot: HashValue
  ) -> Bool {
    guard older <= newer else { return false }
    if older == newer { return path.isEmpty && olderRoot == newerRoot }
    if older == 0 { return path.isEmpty && olderRoot == HashTree().root }
    var hashes = path[...]
    let start = older.nonzeroBitCount == 1 ? olderRoot : hashes.popFirst()
    guard !path.isEmpty, let start else { return false }
    var (first, last) = (older - 1, newer - 1)
    while first & 1 == 1 { (first, last) = (first >> 1, last >> 1) }
    var (olderHash, newerHash) = (start, start)
    for hash in hashes {
      if last == 0 { return false }
      if first & 1 == 1 || first == last {
        olderHash = HashTree.node(hash, olderHash)
        newerHash = HashTree.node(hash, newerHash)
        while first & 1 == 0 && first != 0 { (first, last) = (first >> 1, last >> 1) }
      } else {
        newerHash = HashTree.node(newerHash, hash)
      }
      (first, last) = (first >> 1, last >> 1)
    }
    return last == 0 && olderHash == olderRoot && newerHash == newerRoot
  }
}
