// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

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
