// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Everybody whom any list or rule names. Of each sender only small numbers are kept, beside the
/// name, since a decision fetches them from among many.
struct SenderIndex {
  struct Record: Sendable {
    private let kindNumber: Int32
    private let groupNumber: Int32
    /// What the rules that name the sender on every channel say of it.
    let row: ScreenTable.Row

    init(kind: Int, group: Int?, row: ScreenTable.Row) {
      self.row = row
      kindNumber = Int32(truncatingIfNeeded: kind)
      groupNumber = group.map { Int32(truncatingIfNeeded: $0) } ?? -1
    }

    /// Those of whom all lists say the same are one kind.
    var kind: Int { Int(kindNumber) }

    /// Those named by the same rules are one group.
    var group: Int? { groupNumber < 0 ? nil : Int(groupNumber) }
  }

  private struct Kind {
    /// On every channel.
    let standing: SenderStanding
    /// What the lists of the first channel say that names senders of this kind.
    let listing: SenderLists.Listing
    /// Whether lists of other channels name them too.
    let hasMoreListings: Bool

    init(_ entry: SenderLists.Entry) {
      standing = entry.standing
      listing = entry.listings.first ?? SenderLists.Listing(channel: -1, standing: [])
      hasMoreListings = entry.listings.count > 1
    }
  }

  private struct Place: Hashable {
    let channel: Int32
    let kind: Int
  }

  let names: [String]
  private let records: ByteTable<Record>
  private let kinds: [Kind]
  private var listings: [Place: SenderStanding] = [:]

  /// - Parameter rows: by the groups' numbers.
  init(_ lists: SenderLists, groups: SenderGroups, rows: [ScreenTable.Row]) {
    names = lists.names
    var kinds: [Kind] = []
    var numbers: [SenderLists.Entry: Int] = [:]
    let ofSenders = lists.entries.map { entry in
      if let number = numbers[entry] { return number }
      numbers[entry] = kinds.count
      kinds.append(Kind(entry))
      return kinds.count - 1
    }
    self.kinds = kinds
    records = lists.numbers.mapValues { sender in
      let group = groups.ofSenders[sender]
      return Record(
        kind: ofSenders[sender], group: group, row: group.map { rows[$0] } ?? .open)
    }
    for (entry, kind) in numbers {
      for listing in entry.listings.dropFirst() {
        listings[Place(channel: listing.channel, kind: kind)] = listing.standing
      }
    }
  }

  func record(_ sender: String) -> Record? { records[sender] }

  /// What the lists of every channel say.
  func standing(_ sender: Record) -> SenderStanding { kinds[sender.kind].standing }

  /// What the channel's own lists say.
  func standing(_ sender: Record, channel: Int) -> SenderStanding {
    let kind = kinds[sender.kind]
    let channel = Int32(truncatingIfNeeded: channel)
    if kind.listing.channel == channel { return kind.listing.standing }
    guard kind.hasMoreListings else { return [] }
    return listings[Place(channel: channel, kind: sender.kind)] ?? []
  }
}
