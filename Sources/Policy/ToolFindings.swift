// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Findings about lists of tools and the rules that hold them.
struct ToolFindings {
  private let rules: AccessRules
  private let entries: ToolEntries
  private let deniedToAll: ToolSet
  private let removedFromAll: ToolSet

  init(_ rules: AccessRules) {
    self.rules = rules
    entries = ToolEntries(operatorGroups: rules.tools.groups)
    deniedToAll = entries.covered(by: rules.tools.narrowing.deny)
    removedFromAll = entries.removed(by: rules.tools.narrowing)
  }

  var all: [AccessFinding] {
    let everywhere = lists("tools", rules.tools.narrowing)
    let channels = rules.channels.inByteOrder.flatMap { channel in
      let path = "channels.\(channel.name).tools"
      return lists(path, channel.value.tools) + shadowed(path, channel.value.tools.deny)
    }
    let named = rules.tools.rules.inByteOrder.flatMap { rule in
      findings(ofRule: "tools.rules.\(rule.name)", rule.value)
    }
    let approvals = DuplicateFindings(
      path: "tools.approvals.require", entries: rules.tools.approvals)
    return everywhere + channels + groups + named + approvals.all
  }

  private func lists(_ path: String, _ narrowing: ToolNarrowing) -> [AccessFinding] {
    let allow = narrowing.allow ?? []
    return DuplicateFindings(path: "\(path).deny", entries: narrowing.deny).all
      + DuplicateFindings(path: "\(path).allow", entries: allow).all
      + dead("\(path).allow", allow, denied: entries.covered(by: narrowing.deny))
  }

  /// Allowed tools that are denied anyway, and names of none.
  private func dead(_ path: String, _ allow: [String], denied: ToolSet) -> [AccessFinding] {
    allow.enumerated().compactMap { number, entry in
      let rule = "\(path)[\(number)]"
      guard let tools = entries.tools(of: entry), !tools.isEmpty else {
        return AccessFinding(.dead, rule: rule, message: "\(quoted(entry)) names no tool")
      }
      let remaining = tools.subtracting(denied).subtracting(deniedToAll)
      guard remaining.isEmpty else { return nil }
      return AccessFinding(
        .dead, rule: rule, message: "everything \(quoted(entry)) names is denied",
        hint: "deny beats allow: remove one of them")
    }
  }

  private func shadowed(_ path: String, _ deny: [String]) -> [AccessFinding] {
    deny.enumerated().compactMap { number, entry in
      guard deniedToAll.isSuperset(of: entries.covered(by: entry)) else { return nil }
      return AccessFinding(
        .shadowed, rule: "\(path).deny[\(number)]",
        message: "tools.deny covers \(quoted(entry)) already")
    }
  }

  private var groups: [AccessFinding] {
    rules.tools.groups.inByteOrder.flatMap { group in
      let path = "tools.groups.\(group.name)"
      let isBuiltIn = ToolCatalogue.groups[ByteKey(group.name)] != nil
      let replaced =
        isBuiltIn
        ? [
          AccessFinding(
            .dead, rule: path, message: "the built-in group \(quoted(group.name)) is used instead",
            hint: "choose another name")
        ] : []
      return replaced + DuplicateFindings(path: path, entries: group.value).all
    }
  }

  private func findings(ofRule path: String, _ rule: AccessRules.Rule) -> [AccessFinding] {
    let undeclared = rule.channels.enumerated().filter { !isReachable($0.element) }
    if !rule.channels.isEmpty, undeclared.count == rule.channels.count {
      return [
        AccessFinding(
          .dead, rule: path, message: "matches nobody: none of its channels is declared",
          hint: "name a declared channel, or none to match all")
      ]
    }
    let channels = undeclared.map { number, channel in
      AccessFinding(
        .dead, rule: "\(path).channels[\(number)]",
        message: "the channel \(quoted(channel)) is not declared")
    }
    return channels + lists(path, rule.tools) + shadowed(rule: path, rule.tools)
  }

  private func shadowed(rule path: String, _ tools: ToolNarrowing) -> [AccessFinding] {
    let removed = entries.removed(by: tools)
    guard removedFromAll.isSuperset(of: removed) else { return shadowed(path, tools.deny) }
    let message =
      removed.isEmpty ? "takes no tool away" : "the fields of tools take away all that it does"
    return [AccessFinding(.shadowed, rule: path, message: message, hint: "remove the rule")]
  }

  /// Clients may use `web` undeclared.
  private func isReachable(_ channel: String) -> Bool {
    rules.channels[bytes: channel] != nil || channel.isSameBytes(as: ChannelIndex.web)
  }
}
