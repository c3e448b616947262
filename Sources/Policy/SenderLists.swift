// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What lists say about a sender.
struct SenderStanding: OptionSet, Hashable {
  let rawValue: UInt8

  static let denied = SenderStanding(rawValue: 1)
  static let owner = SenderStanding(rawValue: 2)
  static let `internal` = SenderStanding(rawValue: 4)
  /// In the `allow` list of a channel.
  static let listed = SenderStanding(rawValue: 8)
}

/// Everybody whom any list names, by number, and the lists that do. Read while the index is made.
struct SenderLists {
  struct Listing: Hashable {
    let channel: Int32
    var standing: SenderStanding
  }

  /// All that lists say about one sender. Senders of whom they say the same are one kind.
  struct Entry: Hashable {
    /// On every channel.
    var standing: SenderStanding = []
    /// One for each channel that names the sender, in the order of the channels' numbers.
    var listings: [Listing] = []
  }

  private(set) var names: [String] = []
  private(set) var entries: [Entry] = []
  private(set) var numbers = ByteTable<Int>()

  init(_ rules: AccessRules, channels: ChannelIndex) {
    for (list, standing) in [
      (rules.denied, SenderStanding.denied), (rules.owners, .owner), (rules.internal, .internal),
    ] {
      for sender in list { entries[number(sender)].standing.insert(standing) }
    }
    for (number, channel) in channels.declared {
      for sender in channel.deny { list(sender, number, .denied) }
      for sender in channel.allow { list(sender, number, .listed) }
    }
  }

  /// The number of a sender, who may be new.
  mutating func number(_ sender: String) -> Int {
    if let number = numbers[sender] { return number }
    numbers[sender] = names.count
    names.append(sender)
    entries.append(Entry())
    return names.count - 1
  }

  /// Channels come in the order of their numbers.
  private mutating func list(_ sender: String, _ channel: Int, _ standing: SenderStanding) {
    let (sender, channel) = (number(sender), Int32(truncatingIfNeeded: channel))
    let last = entries[sender].listings.indices.last
    if let last, entries[sender].listings[last].channel == channel {
      entries[sender].listings[last].standing.insert(standing)
    } else {
      entries[sender].listings.append(Listing(channel: channel, standing: standing))
    }
  }
}
