// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Everybody whom any list names, by number.
struct SenderIndex {
  struct Standing: OptionSet {
    let rawValue: UInt8

    static let denied = Standing(rawValue: 1)
    static let owner = Standing(rawValue: 2)
    static let `internal` = Standing(rawValue: 4)
    /// In the `allow` list of a channel.
    static let listed = Standing(rawValue: 8)
  }

  /// Small, since a decision fetches it from among many.
  struct Record: Sendable {
    let number: Int32
    /// On every channel.
    var standing: Standing = []
    /// What the lists of one channel say, the first that names the sender.
    fileprivate var listing: (channel: Int32, standing: Standing) = (-1, [])
    /// Whether lists of other channels name the sender too.
    fileprivate var hasMoreListings = false
    /// Those named by the same rules are one group.
    private var groupNumber: Int32 = -1

    init(number: Int) { self.number = Int32(truncatingIfNeeded: number) }

    var group: Int? {
      get { groupNumber < 0 ? nil : Int(groupNumber) }
      set { groupNumber = newValue.map { Int32(truncatingIfNeeded: $0) } ?? -1 }
    }
  }

  private struct Listing: Hashable {
    let channel: Int32
    let sender: Int32
  }

  private(set) var names: [String] = []
  private var records = ByteTable<Record>()
  private var listings: [Listing: Standing] = [:]

  init(_ rules: AccessRules, channels: ChannelIndex) {
    for (list, standing) in [
      (rules.denied, Standing.denied), (rules.owners, .owner), (rules.internal, .internal),
    ] {
      for sender in list { update(sender) { $0.standing.insert(standing) } }
    }
    for (number, channel) in channels.declared {
      for sender in channel.deny { list(sender, number, .denied) }
      for sender in channel.allow { list(sender, number, .listed) }
    }
  }

  func record(_ sender: String) -> Record? { records[sender] }

  /// What the channel's own lists say.
  func standing(_ sender: Record, channel: Int) -> Standing {
    let channel = Int32(truncatingIfNeeded: channel)
    if sender.listing.channel == channel { return sender.listing.standing }
    guard sender.hasMoreListings else { return [] }
    return listings[Listing(channel: channel, sender: sender.number)] ?? []
  }

  /// Changes the record of a sender, who may be new.
  @discardableResult
  mutating func update(_ sender: String, _ change: (inout Record) -> Void) -> Record {
    var record = records[sender] ?? Record(number: names.count)
    if record.number == names.count { names.append(sender) }
    change(&record)
    records[sender] = record
    return record
  }

  private mutating func list(_ sender: String, _ channel: Int, _ standing: Standing) {
    let channel = Int32(truncatingIfNeeded: channel)
    let record = update(sender) { record in
      if record.listing.channel < 0 { record.listing.channel = channel }
      if record.listing.channel == channel {
        record.listing.standing.insert(standing)
      } else {
        record.hasMoreListings = true
      }
    }
    guard record.listing.channel != channel else { return }
    listings[Listing(channel: channel, sender: record.number), default: []].insert(standing)
  }
}

/// Senders grouped by the rules that name them.
struct SenderGroups {
  private(set) var count = 0
  /// The groups that each rule names, by the rule's number.
  private let groups: [[Int]]

  /// Rules are numbered in the order of their names' bytes.
  init(_ rules: AccessRules, senders: inout SenderIndex) {
    let named = rules.tools.rules.inByteOrder.map(\.value)
    var groups = [[Int]](repeating: [], count: named.count)
    var numbers: [[Int]: Int] = [:]
    let signatures = Self.signatures(named, &senders)
    for (sender, signature) in signatures.enumerated() where !signature.isEmpty {
      let group = numbers[signature] ?? numbers.count
      if group == numbers.count {
        numbers[signature] = group
        for rule in signature { groups[rule].append(group) }
      }
      senders.update(senders.names[sender]) { $0.group = group }
    }
    count = numbers.count
    self.groups = groups
  }

  func members(of rule: Int) -> [Int] { groups[rule] }

  /// For each sender, the numbers of the rules that name it.
  private static func signatures(
    _ rules: [AccessRules.Rule], _ senders: inout SenderIndex
  ) -> [[Int]] {
    var signatures: [[Int]] = Array(repeating: [], count: senders.names.count)
    for (number, rule) in rules.enumerated() {
      for name in rule.senders {
        let sender = Int(senders.update(name) { _ in }.number)
        while signatures.count <= sender { signatures.append([]) }
        if signatures[sender].last != number { signatures[sender].append(number) }
      }
    }
    return signatures
  }
}
