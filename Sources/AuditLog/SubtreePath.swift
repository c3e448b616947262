// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import SodiumCrypto

/// Collects the siblings of one subtree on its way to the root while the leaves are read, in any
/// number, once. Keeps no more than the full subtrees that make up the leaves so far.
struct SubtreePath {
  private struct Subtree {
    let hash: HashValue
    let size: UInt64
    /// Whether it is, or contains, the subtree whose way is collected.
    var isMarked: Bool
  }

  /// Leaves so far.
  private(set) var count: UInt64 = 0
  private var subtrees: [Subtree] = []
  /// The siblings so far, nearest first.
  private(set) var siblings: [HashValue] = []

  /// - Parameter isMarked: Whether the leaf is the subtree whose way is wanted.
  mutating func append(_ leaf: HashValue, isMarked: Bool = false) {
    var new = Subtree(hash: leaf, size: 1, isMarked: isMarked)
    while let last = subtrees.last, last.size == new.size {
      subtrees.removeLast()
      new = join(last, new)
    }
    subtrees.append(new)
    count += 1
  }

  /// From here on the way of the newest full subtree is collected.
  ///
  /// - Returns: Its hash and size; `nil` where there are no leaves.
  mutating func markNewest() -> (hash: HashValue, size: UInt64)? {
    guard let index = subtrees.indices.last else { return nil }
    subtrees[index].isMarked = true
    return (subtrees[index].hash, subtrees[index].size)
  }

  /// The root over the leaves so far.
  var root: HashValue {
    guard var hash = subtrees.last?.hash else { return HashTree().root }
    for left in subtrees.dropLast().reversed() { hash = HashTree.node(left.hash, hash) }
    return hash
  }

  /// Joins what is left to the root, which completes the siblings.
  mutating func finish() {
    guard var right = subtrees.popLast() else { return }
    while let left = subtrees.popLast() { right = join(left, right) }
    subtrees = [right]
  }

  private mutating func join(_ left: Subtree, _ right: Subtree) -> Subtree {
    if left.isMarked { siblings.append(right.hash) }
    if right.isMarked { siblings.append(left.hash) }
    return Subtree(
      hash: HashTree.node(left.hash, right.hash), size: left.size + right.size,
      isMarked: left.isMarked || right.isMarked)
  }
}
