// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Gathers what narrowings say, for each channel and group of senders that one names.
struct ScreenBlocks {
  struct Pair: Hashable {
    let channel: Int
    let group: Int
  }

  private let channels: ChannelIndex
  private let groups: SenderGroups
  private var ofEverybody = ScreenBlock()
  private var ofChannelsAlone: [ScreenBlock]
  private(set) var ofGroups: [ScreenBlock?]
  private(set) var ofPairs: [Pair: ScreenBlock] = [:]

  init(channels: ChannelIndex, groups: SenderGroups) {
    (self.channels, self.groups) = (channels, groups)
    ofChannelsAlone = Array(repeating: ScreenBlock(), count: channels.names.count)
    ofGroups = Array(repeating: nil, count: groups.count)
  }

  /// With what holds for everybody.
  var ofChannels: [ScreenBlock] {
    ofChannelsAlone.map { block in
      var block = block
      block.formUnion(ofEverybody)
      return block
    }
  }

  mutating func narrowEverybody(by screens: [Screen]) {
    ofEverybody.narrow(SenderTier.allCases, by: screens)
  }

  mutating func narrow(channel: Int, by screens: [Screen]) {
    ofChannelsAlone[channel].narrow(SenderTier.allCases, by: screens)
  }

  /// - Parameter number: the rule's.
  mutating func narrow(by rule: AccessRules.Rule, _ number: Int, _ screens: [Screen]) {
    let tiers = rule.tiers.isEmpty ? SenderTier.allCases : rule.tiers
    // An undeclared channel admits nobody.
    let named: [Int?] = rule.channels.isEmpty ? [nil] : rule.channels.compactMap(channels.number)
    let matched: [Int?] = rule.senders.isEmpty ? [nil] : groups.members(of: number)
    for channel in named {
      for group in matched { narrow(channel, group, tiers, screens) }
    }
  }

  private mutating func narrow(
    _ channel: Int?, _ group: Int?, _ tiers: [SenderTier], _ screens: [Screen]
  ) {
    switch (channel, group) {
    case (nil, nil): ofEverybody.narrow(tiers, by: screens)
    case (let channel?, nil): ofChannelsAlone[channel].narrow(tiers, by: screens)
    case (nil, let group?):
      if ofGroups[group] == nil { ofGroups[group] = ScreenBlock() }
      ofGroups[group]?.narrow(tiers, by: screens)
    case (let channel?, let group?):
      ofPairs[Pair(channel: channel, group: group), default: ScreenBlock()]
        .narrow(tiers, by: screens)
    }
  }
}
