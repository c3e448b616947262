// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Every narrowing, merged ahead for those it holds for, so that a question looks at three rows at
/// most however many rules there are.
struct NarrowingIndex {
  private let table: ScreenTable
  /// Of a channel's own narrowings and those that hold for everybody.
  private let channelRows: [ScreenTable.Row]
  /// By the groups' numbers; a sender's record has its own.
  let groupRows: [ScreenTable.Row]
  private let pairRows: [ScreenBlocks.Pair: ScreenTable.Row]
  let entries: [String]
  let fields: RuleFields

  init(_ rules: AccessRules, channels: ChannelIndex, groups: SenderGroups) {
    let named = rules.tools.rules.inByteOrder
    fields = RuleFields(
      channels: channels.names, narrowings: Self.inOrder(rules, channels, named))
    var maker = ScreenMaker(
      fields: fields, entries: ToolEntries(operatorGroups: rules.tools.groups))
    var blocks = ScreenBlocks(channels: channels, groups: groups)
    blocks.narrowEverybody(by: maker.screens(of: rules.tools.narrowing, number: 0))
    for (number, channel) in channels.declared {
      blocks.narrow(
        channel: number, by: maker.screens(of: channel.tools, number: 1 + number))
    }
    for (number, rule) in named.map(\.value).enumerated() {
      let screens = maker.screens(of: rule.tools, number: 1 + channels.names.count + number)
      blocks.narrow(by: rule, number, screens)
    }
    entries = maker.texts
    var table = ScreenTable()
    channelRows = blocks.ofChannels.map { table.row($0) }
    groupRows = blocks.ofGroups.map { $0.map { table.row($0) } ?? .open }
    pairRows = blocks.ofPairs.mapValues { table.row($0) }
    table.close()
    self.table = table
  }

  /// What all narrowings that hold say about a tool.
  /// - Parameter sender: `nil` for one whom no list and no rule names.
  func screen(
    channel: Int, sender: SenderIndex.Record?, tier: SenderTier, tool: Int
  ) -> Screen {
    var screen = table.screen(channelRows[channel], tier: tier, tool: tool)
    guard let sender else { return screen }
    screen.formUnion(table.screen(sender.row, tier: tier, tool: tool))
    guard !pairRows.isEmpty, let group = sender.group else { return screen }
    if let row = pairRows[ScreenBlocks.Pair(channel: channel, group: group)] {
      screen.formUnion(table.screen(row, tier: tier, tool: tool))
    }
    return screen
  }

  /// In the order in which they are asked.
  private static func inOrder(
    _ rules: AccessRules, _ channels: ChannelIndex,
    _ named: [(name: String, value: AccessRules.Rule)]
  ) -> [RuleFields.Narrowing] {
    let everybody = RuleFields.Narrowing(path: "tools", tools: rules.tools.narrowing)
    let ofChannels = channels.names.map { name in
      RuleFields.Narrowing(
        path: "channels.\(name).tools",
        tools: rules.channels[bytes: name]?.tools ?? ToolNarrowing())
    }
    return [everybody] + ofChannels
      + named.map { RuleFields.Narrowing(path: "tools.rules.\($0.name)", tools: $0.value.tools) }
  }
}
