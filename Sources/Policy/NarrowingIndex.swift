// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Every narrowing, merged ahead for those it holds for, so that a question looks at four rows at
/// most however many rules there are.
struct NarrowingIndex {
  private struct Pair: Hashable {
    let channel: Int
    let group: Int
  }

  /// A row's number, or none: half the size of an optional one.
  private struct Row {
    private var stored: Int32 = -1

    var number: Int? {
      get { stored < 0 ? nil : Int(stored) }
      set { stored = newValue.map { Int32(truncatingIfNeeded: $0) } ?? -1 }
    }
  }

  private(set) var table = ScreenTable()
  private let everybody: Int
  private var channelRows: [Row]
  private var groupRows: [Row]
  private var pairRows: [Pair: Int] = [:]
  private(set) var entries: [String] = []
  let fields: RuleFields

  init(_ rules: AccessRules, channels: ChannelIndex, groups: SenderGroups) {
    let named = rules.tools.rules.inByteOrder
    fields = RuleFields(
      channels: channels.names,
      narrowings: ["tools"] + channels.names.map { "channels.\($0).tools" }
        + named.map { "tools.rules.\($0.name)" })
    var maker = ScreenMaker(
      fields: fields, entries: ToolEntries(operatorGroups: rules.tools.groups))
    everybody = table.addRow()
    channelRows = Array(repeating: Row(), count: channels.names.count)
    groupRows = Array(repeating: Row(), count: groups.count)
    table.narrow(
      row: everybody, tiers: SenderTier.allCases,
      by: maker.screens(of: rules.tools.narrowing, number: 0))
    for (number, channel) in channels.declared {
      table.narrow(
        row: row(channel: number, group: nil), tiers: SenderTier.allCases,
        by: maker.screens(of: channel.tools, number: 1 + number))
    }
    for (number, rule) in named.map(\.value).enumerated() {
      let screens = maker.screens(of: rule.tools, number: 1 + channels.names.count + number)
      add(rule, number, screens, channels, groups)
    }
    entries = maker.texts
  }

  /// What all narrowings that hold say about a tool.
  func screen(channel: Int, group: Int?, tier: SenderTier, tool: Int) -> Screen {
    var screen = table.screen(row: everybody, tier: tier, tool: tool)
    if let row = channelRows[channel].number {
      screen.formUnion(table.screen(row: row, tier: tier, tool: tool))
    }
    guard let group else { return screen }
    if let row = groupRows[group].number {
      screen.formUnion(table.screen(row: row, tier: tier, tool: tool))
    }
    if !pairRows.isEmpty, let row = pairRows[Pair(channel: channel, group: group)] {
      screen.formUnion(table.screen(row: row, tier: tier, tool: tool))
    }
    return screen
  }

  private mutating func add(
    _ rule: AccessRules.Rule, _ number: Int, _ screens: [Screen], _ channels: ChannelIndex,
    _ groups: SenderGroups
  ) {
    let tiers = rule.tiers.isEmpty ? SenderTier.allCases : rule.tiers
    // An undeclared channel admits nobody.
    let named: [Int?] = rule.channels.isEmpty ? [nil] : rule.channels.compactMap(channels.number)
    let matched: [Int?] = rule.senders.isEmpty ? [nil] : groups.members(of: number)
    for channel in named {
      for group in matched {
        table.narrow(row: row(channel: channel, group: group), tiers: tiers, by: screens)
      }
    }
  }

  private mutating func row(channel: Int?, group: Int?) -> Int {
    let known: Int? =
      switch (channel, group) {
      case (nil, nil): everybody
      case (let channel?, nil): channelRows[channel].number
      case (nil, let group?): groupRows[group].number
      case (let channel?, let group?): pairRows[Pair(channel: channel, group: group)]
      }
    if let known { return known }
    let row = table.addRow()
    switch (channel, group) {
    case (nil, nil): break
    case (let channel?, nil): channelRows[channel].number = row
    case (nil, let group?): groupRows[group].number = row
    case (let channel?, let group?): pairRows[Pair(channel: channel, group: group)] = row
    }
    return row
  }
}

/// The channels by number: the declared ones in the order of their bytes, and `web`, which clients
/// may use undeclared.
struct ChannelIndex {
  static let web = "web"

  let names: [String]
  private let channels: [AccessRules.Channel?]
  private let numbers: ByteTable<Int>

  init(_ rules: AccessRules) {
    let declared = rules.channels.inByteOrder
    let isWebDeclared = rules.channels[bytes: Self.web] != nil
    names = declared.map(\.name) + (isWebDeclared ? [] : [Self.web])
    channels = declared.map(\.value) + (isWebDeclared ? [] : [nil])
    numbers = ByteTable(numbering: names)
  }

  /// - Returns: `nil` for a channel that is neither declared nor `web`.
  func number(_ name: String) -> Int? { numbers[name] }

  /// - Returns: `nil` for `web` where it is not declared.
  func channel(_ number: Int) -> AccessRules.Channel? { channels[number] }

  var declared: [(number: Int, channel: AccessRules.Channel)] {
    channels.enumerated().compactMap { number, channel in channel.map { (number, $0) } }
  }
}
