// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What the entries of tool lists name: a tool, or a group written `group:NAME`. A built-in group
/// wins over an operator's of the same name.
struct ToolEntries {
  private static let groupPrefix = "group:"

  private let groups: [ByteKey: ToolSet]

  init(operatorGroups: [String: [String]]) {
    var groups = ToolCatalogue.groups
    for (name, tools) in operatorGroups where groups[ByteKey(name)] == nil {
      // Groups do not nest: such an entry makes the group as unknown as the one it names.
      guard !tools.contains(where: Self.isGroup) else { continue }
      groups[ByteKey(name)] = ToolSet(tools)
    }
    self.groups = groups
  }

  /// - Returns: `nil` for a group that nobody declares; no tool for a tool that is none.
  func tools(of entry: String) -> ToolSet? {
    guard Self.isGroup(entry) else { return ToolSet(CollectionOfOne(entry)) }
    let name = entry.unicodeScalars.dropFirst(Self.groupPrefix.unicodeScalars.count)
    return groups[ByteKey(String(name))]
  }

  /// What an entry of a list that takes away covers: every tool, where its group is unknown.
  func covered(by entry: String) -> ToolSet { tools(of: entry) ?? .all }

  /// The first entry of a list that takes away, for each tool by number.
  func firstCovering(in list: [String]) -> [String?] {
    var first: [String?] = Array(repeating: nil, count: ToolCatalogue.names.count)
    for entry in list {
      let covered = covered(by: entry)
      for tool in first.indices where first[tool] == nil && covered.contains(tool) {
        first[tool] = entry
      }
    }
    return first
  }

  func covered(by list: [String]) -> ToolSet {
    list.reduce(into: ToolSet()) { $0.formUnion(covered(by: $1)) }
  }

  /// What a list that lets through names: nothing, where a group is unknown.
  func named(by list: [String]) -> ToolSet {
    list.reduce(into: ToolSet()) { $0.formUnion(tools(of: $1) ?? .none) }
  }

  /// The tools that a narrowing takes from everybody it holds for.
  func removed(by narrowing: ToolNarrowing) -> ToolSet {
    var removed = covered(by: narrowing.deny)
    if let profile = narrowing.profile { removed.formUnion(ToolSet.all.subtracting(profile.tools)) }
    if let allow = narrowing.allow {
      removed.formUnion(ToolSet.all.subtracting(named(by: allow)))
    }
    if let ceiling = narrowing.ceiling {
      removed.formUnion(ToolSet { ToolCatalogue.tiers[$0] > ceiling })
    }
    return removed
  }

  private static func isGroup(_ entry: String) -> Bool {
    entry.utf8.starts(with: groupPrefix.utf8)
  }
}
