// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// Opens every chunk once: each after what it refers to, while that is at hand.
struct ChunkWalk {
  struct Problem {
    let id: HashValue
    let words: String
  }

  private let index: ChunkIndex
  private let reader: ChunkReader
  /// By chunk, those that refer to it.
  private var children: [HashValue: [HashValue]] = [:]
  /// By pack, in the order in which they lie there, those that refer to nothing.
  private var roots: [Int: [HashValue]] = [:]
  /// By pack.
  private(set) var problems: [Int: [Problem]] = [:]
  /// By pack, where chunks end that lie one after the other from its start on; none of others.
  private(set) var ends: [Int: Int] = [:]

  init(_ index: ChunkIndex, _ reader: ChunkReader) {
    (self.index, self.reader) = (index, reader)
    var places: [Int: [(id: HashValue, place: ChunkIndex.Place)]] = [:]
    for (id, place) in index.places { places[place.pack, default: []].append((id, place)) }
    for (pack, chunks) in places {
      let chunks = chunks.sorted { $0.place.offset < $1.place.offset }
      var end: Int? = 0
      for (id, place) in chunks {
        end = place.offset == end ? place.offset + place.size : nil
        if let base = place.base {
          children[base, default: []].append(id)
        } else {
          roots[pack, default: []].append(id)
        }
      }
      ends[pack] = end
    }
  }

  /// - Parameter packs: Numbers of those that are there in their size; what lies in others is not
  ///   looked at, nor is what refers to it: for these that is told there.
  mutating func run(_ packs: Set<Int>, _ progress: (_ packs: Int, _ of: Int) -> Void) throws {
    for (done, pack) in packs.sorted().enumerated() {
      for root in roots[pack] ?? [] { try visit(root, base: nil, packs, depth: 0) }
      progress(done + 1, packs.count)
    }
  }

  private mutating func visit(
    _ id: HashValue, base: ChunkBase?, _ packs: Set<Int>, depth: Int
  ) throws {
    guard let place = index.places[id], depth < RepositoryFormat.depthLimit else { return }
    var content: ChunkBase?
    if packs.contains(place.pack) {
      do {
        content = ChunkBase(id: id, content: try reader.open(id, base: base))
      } catch {
        let error = ApplianceError.of(error)
        guard error.code != .backupStorage else { throw error }
        problems[place.pack, default: []].append(Problem(id: id, words: error.message))
      }
    }
    // What refers to a chunk that does not open cannot be looked at: the damage is that chunk's.
    guard let content else { return }
    for child in children[id] ?? [] {
      try visit(child, base: content, packs, depth: depth + 1)
    }
  }
}
