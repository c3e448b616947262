// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The fields of the desired state that can decide, by number, with their paths made once.
struct RuleFields {
  /// Numbers of the fields that every appliance has.
  enum Fixed: Int, CaseIterable {
    case operatorClient, client, unknownChannel, unknownTool
    case denied, owners, internalSenders, approvals

    var path: String {
      switch self {
      case .operatorClient: "builtin.operator"
      case .client: "builtin.client"
      case .unknownChannel: "builtin.unknown-channel"
      case .unknownTool: "builtin.unknown-tool"
      case .denied: "senders.deny"
      case .owners: "senders.owners"
      case .internalSenders: "senders.internal"
      case .approvals: "tools.approvals.require"
      }
    }
  }

  enum ChannelField: Int, CaseIterable {
    case deny, allow, dmPolicy, groupPolicy, requireMention

    func path(of channel: String) -> String { "channels.\(channel).\(self)" }
  }

  /// Within a narrowing, in the order in which they decide.
  enum NarrowingField: Int, CaseIterable {
    case deny, profile, allow, ceiling

    /// The path within the narrowing; `nil` where the field is not set, and so decides nothing.
    func path(in narrowing: Narrowing) -> String? {
      switch self {
      case .deny: narrowing.tools.deny.isEmpty ? nil : "\(narrowing.path).deny"
      case .profile: narrowing.tools.profile.map { _ in "\(narrowing.path).profile" }
      case .allow: narrowing.tools.allow.map { _ in "\(narrowing.path).allow" }
      case .ceiling: narrowing.tools.ceiling.map { _ in "\(narrowing.path).ceiling" }
      }
    }
  }

  struct Narrowing {
    let path: String
    let tools: ToolNarrowing
  }

  private let paths: [String]
  private let channels: Int
  private let narrowings: Int

  /// - Parameter narrowings: in the order in which they are asked.
  init(channels names: [String], narrowings owners: [Narrowing]) {
    var paths = Fixed.allCases.map(\.path)
    paths += SenderTier.allCases.map { "tools.tiers.\($0.rawValue)" }
    paths += TaintSource.allCases.map { "tools.taint.\($0.rawValue)" }
    channels = paths.count
    paths += names.flatMap { name in ChannelField.allCases.map { $0.path(of: name) } }
    narrowings = paths.count
    for owner in owners {
      // Each has a place, so that a number tells the kind of its field.
      for field in NarrowingField.allCases { paths.append(field.path(in: owner) ?? "") }
    }
    self.paths = paths
  }

  func number(of tier: SenderTier) -> Int { Fixed.allCases.count + tier.number }

  func number(of source: TaintSource) -> Int {
    Fixed.allCases.count + SenderTier.allCases.count + source.number
  }

  func number(_ field: ChannelField, ofChannel channel: Int) -> Int {
    channels + channel * ChannelField.allCases.count + field.rawValue
  }

  /// Smaller for a narrowing that is asked earlier.
  func number(_ field: NarrowingField, ofNarrowing narrowing: Int) -> Int {
    narrowings + narrowing * NarrowingField.allCases.count + field.rawValue
  }

  /// Whether the number of a narrowing's field is that of a profile.
  func isProfile(_ number: Int) -> Bool {
    (number - narrowings) % NarrowingField.allCases.count == NarrowingField.profile.rawValue
  }

  subscript(_ number: Int) -> String { paths[number] }
}

extension SenderTier {
  /// Its place among all.
  var number: Int {
    switch self {
    case .owner: 0
    case .internal: 1
    case .external: 2
    case .unknown: 3
    }
  }
}

extension TaintSource {
  /// Its place among all.
  var number: Int {
    switch self {
    case .files: 0
    case .web: 1
    case .bots: 2
    case .senders: 3
    }
  }
}
