// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What the narrowings that hold for somebody say about one tool: the number of the first field
/// that takes it away, for each way of doing so.
struct Screen: Equatable {
  private static let nothing = UInt32.max

  private var denyNumber = nothing
  private var denyEntry = nothing
  private var selectionNumber = nothing
  private var ceilingNumber = nothing

  static let open = Screen()

  mutating func deny(by field: Int, entry: Int) {
    guard field < Int(denyNumber) else { return }
    (denyNumber, denyEntry) = (UInt32(truncatingIfNeeded: field), UInt32(truncatingIfNeeded: entry))
  }

  mutating func select(by field: Int) {
    selectionNumber = min(selectionNumber, UInt32(truncatingIfNeeded: field))
  }

  mutating func cap(by field: Int) {
    ceilingNumber = min(ceilingNumber, UInt32(truncatingIfNeeded: field))
  }

  mutating func formUnion(_ other: Screen) {
    if other.denyNumber < denyNumber {
      (denyNumber, denyEntry) = (other.denyNumber, other.denyEntry)
    }
    selectionNumber = min(selectionNumber, other.selectionNumber)
    ceilingNumber = min(ceilingNumber, other.ceilingNumber)
  }

  /// The list that denies the tool, and the number of its entry.
  var denial: (field: Int, entry: Int)? {
    denyNumber == Self.nothing ? nil : (Int(denyNumber), Int(denyEntry))
  }

  /// The profile or the list of allowed tools that leaves the tool out.
  var selection: Int? { selectionNumber == Self.nothing ? nil : Int(selectionNumber) }

  /// The ceiling below the tool.
  var ceiling: Int? { ceilingNumber == Self.nothing ? nil : Int(ceilingNumber) }
}

/// Makes screens of narrowings, and keeps the entries that they name.
struct ScreenMaker {
  let fields: RuleFields
  let entries: ToolEntries
  private(set) var texts: [String] = []
  private var numbers: [ByteKey: Int] = [:]

  init(fields: RuleFields, entries: ToolEntries) {
    (self.fields, self.entries) = (fields, entries)
  }

  /// One screen for each tool.
  /// - Parameter number: the place of the narrowing among all, in the order in which they are asked.
  mutating func screens(of narrowing: ToolNarrowing, number: Int) -> [Screen] {
    var screens = [Screen](repeating: .open, count: ToolCatalogue.names.count)
    deny(narrowing.deny, number, &screens)
    let allowed = narrowing.allow.map(entries.named)
    for tool in screens.indices {
      if narrowing.profile?.tools.contains(tool) == false {
        screens[tool].select(by: fields.number(.profile, ofNarrowing: number))
      }
      if allowed?.contains(tool) == false {
        screens[tool].select(by: fields.number(.allow, ofNarrowing: number))
      }
      if let ceiling = narrowing.ceiling, ToolCatalogue.tiers[tool] > ceiling {
        screens[tool].cap(by: fields.number(.ceiling, ofNarrowing: number))
      }
    }
    return screens
  }

  private mutating func deny(_ list: [String], _ number: Int, _ screens: inout [Screen]) {
    guard !list.isEmpty else { return }
    for (tool, entry) in entries.firstCovering(in: list).enumerated() {
      guard let entry else { continue }
      screens[tool].deny(by: fields.number(.deny, ofNarrowing: number), entry: intern(entry))
    }
  }

  private mutating func intern(_ entry: String) -> Int {
    let key = ByteKey(entry)
    if let number = numbers[key] { return number }
    numbers[key] = texts.count
    texts.append(entry)
    return texts.count - 1
  }
}

/// Screens of many: each row has one for each sender tier and tool.
struct ScreenTable {
  private static let width = ToolCatalogue.names.count
  private static let rowLength = width * SenderTier.allCases.count

  private var screens: [Screen] = []

  mutating func addRow() -> Int {
    screens.append(contentsOf: repeatElement(.open, count: Self.rowLength))
    return screens.count / Self.rowLength - 1
  }

  mutating func narrow(row: Int, tiers: [SenderTier], by others: [Screen]) {
    for tier in tiers {
      let start = row * Self.rowLength + tier.number * Self.width
      for (tool, other) in others.enumerated() { screens[start + tool].formUnion(other) }
    }
  }

  func screen(row: Int, tier: SenderTier, tool: Int) -> Screen {
    screens[row * Self.rowLength + tier.number * Self.width + tool]
  }
}
