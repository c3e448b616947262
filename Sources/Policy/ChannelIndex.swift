// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The channels by number: the declared ones in the order of their bytes, and `web`, which clients
/// may use undeclared.
struct ChannelIndex {
  static let web = "web"

  /// What admission asks of a channel, without its lists: a copy counts no references.
  struct Door: Sendable {
    let requireMention: Bool
    private let dmPolicy: AdmissionPolicy
    private let groupPolicy: AdmissionPolicy

    init(_ channel: AccessRules.Channel) {
      requireMention = channel.requireMention
      (dmPolicy, groupPolicy) = (channel.dmPolicy, channel.groupPolicy)
    }

    func policy(of conversation: AccessPrincipal.Conversation) -> AdmissionPolicy {
      conversation == .direct ? dmPolicy : groupPolicy
    }
  }

  let names: [String]
  let declared: [(number: Int, channel: AccessRules.Channel)]
  private let doors: [Door?]
  private let numbers: ByteTable<Int>

  init(_ rules: AccessRules) {
    let declared = rules.channels.inByteOrder
    let isWebDeclared = rules.channels[bytes: Self.web] != nil
    names = declared.map(\.name) + (isWebDeclared ? [] : [Self.web])
    doors = declared.map { Door($0.value) } + (isWebDeclared ? [] : [nil])
    numbers = ByteTable(numbering: names)
    self.declared = declared.enumerated().map { ($0.offset, $0.element.value) }
  }

  /// - Returns: `nil` for a channel that is neither declared nor `web`.
  func number(_ name: String) -> Int? { numbers[name] }

  /// - Returns: `nil` for `web` where it is not declared.
  func door(_ number: Int) -> Door? { doors[number] }
}
