// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Findings about lists of senders.
struct SenderFindings {
  private struct Place {
    let path: String
    let first: [ByteKey: Int]
    /// What the list does to the sender, as in "is denied by".
    let effect: String

    init(_ path: String, _ entries: [String], effect: String) {
      (self.path, first, self.effect) = (path, entries.firstPlaces, effect)
    }
  }

  private let rules: AccessRules
  private let denied: Place
  private let owners: Place
  private let internalSenders: Place

  init(_ rules: AccessRules) {
    self.rules = rules
    denied = Place("senders.deny", rules.denied, effect: "is denied by")
    owners = Place("senders.owners", rules.owners, effect: "is an owner by")
    internalSenders = Place("senders.internal", rules.internal, effect: "is internal by")
  }

  func all(listLimit: Int) -> [AccessFinding] {
    let everywhere =
      list("senders.owners", rules.owners, listLimit, beaten: [denied])
      + list("senders.internal", rules.internal, listLimit, beaten: [denied, owners])
      + list("senders.deny", rules.denied, listLimit, beaten: [])
    let channels = rules.channels.inByteOrder.flatMap { channel in
      findings(ofChannel: "channels.\(channel.name)", channel.value, listLimit)
    }
    let named = rules.tools.rules.inByteOrder.flatMap { rule in
      list("tools.rules.\(rule.name).senders", rule.value.senders, listLimit, beaten: [denied])
    }
    return everywhere + channels + named
  }

  private func findings(
    ofChannel path: String, _ channel: AccessRules.Channel, _ limit: Int
  ) -> [AccessFinding] {
    let deniedHere = Place("\(path).deny", channel.deny, effect: "is denied by")
    let beaten = [denied, deniedHere, owners, internalSenders]
    return list("\(path).allow", channel.allow, limit, beaten: beaten)
      + unread(path, channel)
      + list("\(path).deny", channel.deny, limit, beaten: [denied])
  }

  private func list(
    _ path: String, _ entries: [String], _ limit: Int, beaten places: [Place]
  ) -> [AccessFinding] {
    let forms = entries.enumerated().flatMap { number, entry in
      let rule = "\(path)[\(number)]"
      return [SenderForm.finding(entry, rule: rule), dead(entry, rule: rule, beaten: places)]
        .compactMap(\.self)
    }
    let size =
      entries.count > limit
      ? [
        AccessFinding(
          .tooLong, rule: path, message: "\(entries.count) senders are more than \(limit)",
          hint: "a list that nobody can read is a list that nobody reviews")
      ] : []
    return size + DuplicateFindings(path: path, entries: entries).all + forms
  }

  private func dead(
    _ entry: String, rule: String, beaten places: [Place]
  ) -> AccessFinding? {
    for place in places {
      guard let number = place.first[ByteKey(entry)] else { continue }
      return AccessFinding(
        .dead, rule: rule,
        message: "\(quoted(entry)) \(place.effect) \(place.path)[\(number)], which is asked first",
        hint: "remove one of them")
    }
    return nil
  }

  /// A list of allowed senders that changes nothing, whoever it names.
  private func unread(_ path: String, _ channel: AccessRules.Channel) -> [AccessFinding] {
    let policies = Set([channel.dmPolicy, channel.groupPolicy])
    guard !channel.allow.isEmpty, !policies.contains(.allowlist) else { return [] }
    if policies == [.disabled] {
      return [
        AccessFinding(
          .dead, rule: "\(path).allow", message: "both policies of the channel are disabled")
      ]
    }
    guard areListedAndUnknownAlike else { return [] }
    return [
      AccessFinding(
        .dead, rule: "\(path).allow",
        message: "the channel is open, and the tiers external and unknown are alike",
        hint: "set the policy to allowlist, or remove the list")
    ]
  }

  /// Whether nothing tells a listed sender of an open channel from anybody.
  private var areListedAndUnknownAlike: Bool {
    let policy = rules.tools
    let ceilings = [SenderTier.external, .unknown].map { policy.tiers[$0] ?? .none }
    return ceilings[0] == ceilings[1] && isAlike(policy.approvalExempt)
      && policy.rules.values.allSatisfy { isAlike($0.tiers) }
  }

  private func isAlike(_ tiers: [SenderTier]) -> Bool {
    tiers.contains(.external) == tiers.contains(.unknown)
  }
}

/// Entries that look like more than one id.
enum SenderForm {
  private static let namePrefixes = ["user:", "name:"]

  static func finding(_ entry: String, rule: String) -> AccessFinding? {
    guard let (kind, message) = form(of: entry) else { return nil }
    return AccessFinding(
      kind, rule: rule, message: "\(quoted(entry)) \(message)",
      hint: "entries are compared byte by byte: write the whole id of each sender")
  }

  private static func form(of entry: String) -> (AccessFinding.Kind, String)? {
    let bytes = entry.utf8
    if isWholeDomain(entry) { return (.wholeDomain, "looks like everybody of a domain") }
    if bytes.last == UInt8(ascii: "*"), bytes.count > 1 {
      return (.prefix, "looks like the beginning of ids")
    }
    if namePrefixes.contains(where: { bytes.starts(with: $0.utf8) }) {
      return (.prefix, "has the form of a name, not of a platform id")
    }
    if bytes.contains(UInt8(ascii: "*")) || bytes.contains(UInt8(ascii: "?")) {
      return (.wildcard, "looks like a pattern")
    }
    return nil
  }

  /// `@example.com` or `*@example.com`; not `@ada:example.com`, which is one Matrix user.
  private static func isWholeDomain(_ entry: String) -> Bool {
    let id = entry.hasPrefix("matrix:") ? entry.dropFirst(7) : entry[...]
    var rest = id.utf8
    if rest.first == UInt8(ascii: "*") { rest.removeFirst() }
    guard rest.first == UInt8(ascii: "@") else { return false }
    return rest.contains(UInt8(ascii: ".")) && !rest.contains(UInt8(ascii: ":"))
  }
}
