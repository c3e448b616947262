// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Finds many patterns in one pass (Aho and Corasick, "Efficient string matching", 1975).
///
/// Its nodes spell the patterns, so they lie in the memory of a ``SecretValue``: 24 bytes for each
/// byte of a pattern.
struct PatternAutomaton: Sendable {
  /// Where a pass stands.
  struct State: Sendable {
    static let start = State(node: 0)
    fileprivate var node: Int32
  }

  /// One byte of one or more patterns. Node 0 is the root, which nothing leads to; as a place to go
  /// it stands for none.
  private struct Node {
    var byte: Int32 = 0
    var child: Int32 = 0
    var sibling: Int32 = 0
    /// The longest other node whose bytes end these.
    var failure: Int32 = 0
    /// The first of ``PatternAutomaton/hits`` of the patterns that end here, from 1; 0 for none.
    var hit: Int32 = 0
    /// The next node on the way of failures at which a pattern ends.
    var shorter: Int32 = 0
  }

  /// A secret, and the next hit of the same node.
  private struct Hit: Sendable {
    let secret: Int
    let next: Int32
  }

  private let nodes: SecretValue
  private let hits: [Hit]

  /// - Parameter patterns: With the number of the secret each belongs to. Empty ones are left out.
  init(_ patterns: [(bytes: SecretValue, secret: Int)]) {
    let most = patterns.reduce(1) { $0 + $1.bytes.count }
    var hits: [Hit] = []
    nodes = SecretValue(count: most * MemoryLayout<Node>.stride) { memory in
      let nodes = memory.bindMemory(to: Node.self)
      var count: Int32 = 1
      for pattern in patterns where pattern.bytes.count > 0 {
        Self.insert(pattern.bytes, pattern.secret, into: nodes, &count, &hits)
      }
      Self.connect(nodes, count: Int(count))
    }
    self.hits = hits
  }

  /// Takes bytes for two passes: of all of them, and of those that are no white space.
  func run(
    _ bytes: some Sequence<UInt8>, _ all: inout State, _ dense: inout State,
    _ found: inout Set<Int>
  ) {
    nodes.withBytes { memory in
      let nodes = memory.assumingMemoryBound(to: Node.self)
      for byte in bytes {
        let wanted = Int32(byte)
        all.node = Self.next(all.node, wanted, nodes)
        collect(all.node, nodes, &found)
        if byte == 0x20 || (0x09...0x0D).contains(byte) { continue }
        dense.node = Self.next(dense.node, wanted, nodes)
        collect(dense.node, nodes, &found)
      }
    }
  }

  private func collect(
    _ node: Int32, _ nodes: UnsafeBufferPointer<Node>, _ found: inout Set<Int>
  ) {
    var ending = nodes[Int(node)].hit > 0 ? node : nodes[Int(node)].shorter
    while ending > 0 {
      var hit = nodes[Int(ending)].hit
      while hit > 0 {
        found.insert(hits[Int(hit) - 1].secret)
        hit = hits[Int(hit) - 1].next
      }
      ending = nodes[Int(ending)].shorter
    }
  }

  private static func next(
    _ node: Int32, _ byte: Int32, _ nodes: UnsafeBufferPointer<Node>
  ) -> Int32 {
    var node = node
    while true {
      let child = child(of: node, byte, nodes)
      if child > 0 || node == 0 { return child }
      node = nodes[Int(node)].failure
    }
  }

  private static func child(
    of node: Int32, _ byte: Int32, _ nodes: UnsafeBufferPointer<Node>
  ) -> Int32 {
    var child = nodes[Int(node)].child
    while child > 0 && nodes[Int(child)].byte != byte { child = nodes[Int(child)].sibling }
    return child
  }

  private static func insert(
    _ pattern: SecretValue, _ secret: Int, into nodes: UnsafeMutableBufferPointer<Node>,
    _ count: inout Int32, _ hits: inout [Hit]
  ) {
    var node: Int32 = 0
    pattern.withBytes { bytes in
      for byte in bytes {
        let known = child(of: node, Int32(byte), UnsafeBufferPointer(nodes))
        if known > 0 {
          node = known
        } else {
          nodes[Int(count)] = Node(byte: Int32(byte), sibling: nodes[Int(node)].child)
          nodes[Int(node)].child = count
          node = count
          count += 1
        }
      }
    }
    hits.append(Hit(secret: secret, next: nodes[Int(node)].hit))
    nodes[Int(node)].hit = Int32(hits.count)
  }

  /// Sets the failures, shorter nodes first.
  private static func connect(_ nodes: UnsafeMutableBufferPointer<Node>, count: Int) {
    let readable = UnsafeBufferPointer(nodes)
    var queue: [Int32] = [0]
    queue.reserveCapacity(count)
    var place = 0
    while place < queue.count {
      let node = queue[place]
      place += 1
      var child = nodes[Int(node)].child
      while child > 0 {
        if node != 0 {
          let failure = next(nodes[Int(node)].failure, nodes[Int(child)].byte, readable)
          nodes[Int(child)].failure = failure
          nodes[Int(child)].shorter =
            nodes[Int(failure)].hit > 0 ? failure : nodes[Int(failure)].shorter
        }
        queue.append(child)
        child = nodes[Int(child)].sibling
      }
    }
  }
}
