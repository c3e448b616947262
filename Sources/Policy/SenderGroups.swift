// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Senders grouped by the rules that name them.
struct SenderGroups {
  private(set) var count = 0
  /// The group of each sender, by the sender's number; `nil` for one that no rule names.
  private(set) var ofSenders: [Int?] = []
  /// The groups that each rule names, by the rule's number.
  private let groups: [[Int]]

  /// Rules are numbered in the order of their names' bytes.
  init(_ rules: AccessRules, senders: inout SenderLists) {
    let named = rules.tools.rules.inByteOrder.map(\.value)
    var groups = [[Int]](repeating: [], count: named.count)
    var numbers: [[Int]: Int] = [:]
    ofSenders = Self.signatures(named, &senders).map { signature in
      guard !signature.isEmpty else { return nil }
      let group = numbers[signature] ?? numbers.count
      if group == numbers.count {
        numbers[signature] = group
        for rule in signature { groups[rule].append(group) }
      }
      return group
    }
    count = numbers.count
    self.groups = groups
  }

  func members(of rule: Int) -> [Int] { groups[rule] }

  /// For each sender, the numbers of the rules that name it.
  private static func signatures(
    _ rules: [AccessRules.Rule], _ senders: inout SenderLists
  ) -> [[Int]] {
    var signatures: [[Int]] = Array(repeating: [], count: senders.names.count)
    for (number, rule) in rules.enumerated() {
      for name in rule.senders {
        let sender = senders.number(name)
        while signatures.count <= sender { signatures.append([]) }
        if signatures[sender].last != number { signatures[sender].append(number) }
      }
    }
    return signatures
  }
}
