// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What narrowings say about every sender tier and tool, while the index is made.
struct ScreenBlock {
  private static let width = ToolCatalogue.names.count

  /// By the numbers of tiers and tools.
  private(set) var screens = [Screen](
    repeating: .open, count: SenderTier.allCases.count * width)

  mutating func narrow(_ tiers: [SenderTier], by others: [Screen]) {
    for tier in tiers {
      let start = tier.number * Self.width
      for (tool, other) in others.enumerated() { screens[start + tool].formUnion(other) }
    }
  }

  mutating func formUnion(_ other: ScreenBlock) {
    for place in screens.indices { screens[place].formUnion(other.screens[place]) }
  }
}

/// Blocks of screens for many. Rules of the same content narrow alike, but for where they stand
/// among the rules: so a block is kept as seen from the first narrowing in it, and those that are
/// then equal are kept once. Ten thousand rules of a dozen kinds need a dozen blocks, which stay in
/// the processor's cache.
struct ScreenTable {
  /// Where the screens of somebody are.
  struct Row: Sendable {
    fileprivate let start: Int32
    /// What the numbers of fields are counted from.
    fileprivate let base: Int32

    /// Narrows nothing.
    static let open = Row(start: 0, base: 0)
  }

  private let width = ToolCatalogue.names.count
  private var screens: [Screen] = []
  private var starts: [[Screen]: Int32] = [:]

  init() { _ = row(ScreenBlock()) }

  mutating func row(_ block: ScreenBlock) -> Row {
    let base = Int32(truncatingIfNeeded: block.screens.compactMap(\.firstField).min() ?? 0)
    let relative = block.screens.map { $0.moved(by: -base) }
    if let start = starts[relative] { return Row(start: start, base: base) }
    let start = Int32(truncatingIfNeeded: screens.count)
    starts[relative] = start
    screens += relative
    return Row(start: start, base: base)
  }

  /// Forgets what only adding needs.
  mutating func close() { starts = [:] }

  func screen(_ row: Row, tier: SenderTier, tool: Int) -> Screen {
    screens[Int(row.start) + tier.number * width + tool].moved(by: row.base)
  }
}
