// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Names of tools and groups, and the programs of `exec`.
enum ToolRules {
  static func issues(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    names(spec, check) + groups(spec, check) + profiles(spec, check) + web(spec, check)
  }

  /// Every list of the desired state that names tools.
  private static func names(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    let tools = spec.tools
    var lists = [
      ("tools.deny", tools.deny), ("tools.allow", tools.allow ?? []),
      ("tools.approvals.require", tools.approvals.require),
    ]
    for (name, channel) in spec.channels {
      lists.append(("channels.\(name).tools.deny", channel.tools.deny))
      lists.append(("channels.\(name).tools.allow", channel.tools.allow ?? []))
    }
    for (name, rule) in tools.rules {
      lists.append(("tools.rules.\(name).deny", rule.deny))
      lists.append(("tools.rules.\(name).allow", rule.allow ?? []))
    }
    let groups = Set(tools.groups.keys).union(ToolName.groups.keys).map { "group:" + $0 }
    let known = ToolName.known.union(groups)
    return lists.flatMap { unknown($1, at: $0, among: known, check) }
  }

  private static func groups(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    spec.tools.groups.flatMap { name, tools in
      let path = "tools.groups.\(name)"
      let taken =
        ToolName.groups[name] == nil
        ? []
        : [
          check.error(
            path, "tool-group", "the group \(Quoted(name)) is built in",
            hint: "choose another name")
        ]
      return taken + unknown(tools, at: path, among: ToolName.known, check)
    }
  }

  private static func unknown(
    _ names: [String], at path: String, among known: Set<String>, _ check: RuleContext
  ) -> [ValidationIssue] {
    names.enumerated().filter { !known.contains($1) }.map { index, name in
      let suggestion = NearestName.suggestion(for: name, among: known.sorted())
      return check.error(
        "\(path)[\(index)]", "unknown-tool", "there is no tool \(Quoted(name))",
        hint: suggestion.map { "did you mean \"\($0)\"?" }
          ?? "tools: \(known.sorted().joined(separator: ", "))")
    }
  }

  private static func profiles(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    spec.tools.exec.profiles.flatMap { name, profile in
      let path = "tools.exec.profiles.\(name)"
      var issues = ranges(profile, path, check)
      if !isPlainPath(profile.binary) {
        issues.append(
          check.error(
            "\(path).binary", "exec-binary",
            "\(Quoted(profile.binary)) is not the absolute path of a program",
            hint: "as in /usr/bin/git"))
      }
      for (index, variable) in profile.environment.enumerated()
      where ExecVariable(variable) == nil {
        issues.append(
          check.error(
            "\(path).environment[\(index)]", "exec-environment",
            "this is not NAME=value", hint: "upper-case letters, digits and _ before the ="))
      }
      return issues
    }
  }

  private static func ranges(
    _ profile: ExecProfileSpec, _ path: String, _ check: RuleContext
  ) -> [ValidationIssue] {
    let limits = [
      ("timeout", Int(profile.timeout.seconds), 1...3_600),
      ("memoryMiB", profile.memoryMiB.value, 16...65_536),
      ("processes", profile.processes.value, 1...4_096),
      ("outputKiB", profile.outputKiB.value, 1...1_024),
    ]
    return limits.filter { !$2.contains($1) }.map { name, value, range in
      check.error(
        "\(path).\(name)", "range",
        "\(value) is not from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  private static func isPlainPath(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return text.utf8.first == UInt8(ascii: "/") && parts.count > 1
      && parts.dropFirst().allSatisfy { part in
        !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
      }
  }

  private static func web(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    var issues: [ValidationIssue] = []
    for (index, host) in spec.tools.web.hosts.enumerated() where !HostName.isValid(host) {
      issues.append(
        check.error(
          "tools.web.hosts[\(index)]", "web-host", "\(Quoted(host)) is not a host name",
          hint: "exact names in lower case, without wildcards, ports or addresses"))
    }
    if !(1...60).contains(spec.tools.web.timeout.seconds) {
      issues.append(check.error("tools.web.timeout", "range", "the timeout is from 1s to 60s"))
    }
    if !(1...16_384).contains(spec.tools.web.maxKiB.value) {
      issues.append(check.error("tools.web.maxKiB", "range", "a page has from 1 to 16384 KiB"))
    }
    if !(10...86_400).contains(spec.tools.approvals.lifetime.seconds) {
      issues.append(
        check.error("tools.approvals.lifetime", "range", "the lifetime is from 10s to 1d"))
    }
    return issues
  }
}

/// A variable of a program's environment as the desired state writes it.
public struct ExecVariable: Sendable, Equatable {
  public let name: String
  public let value: String

  /// Reads `NAME=value`; `nil` for anything else.
  public init?(_ text: String) {
    guard let sign = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    let name = String(text[..<sign])
    let isName = name.utf8.enumerated().allSatisfy { index, byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
      default: false
      }
    }
    guard !name.isEmpty, isName else { return nil }
    (self.name, value) = (name, String(text[text.utf8.index(after: sign)...]))
  }
}

/// Names of hosts: RFC 1123 2.1, lower case, with at least one dot and a last label that is no
/// number, so that no address is one.
enum HostName {
  static func isValid(_ text: String) -> Bool {
    let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard labels.count > 1, text.utf8.count <= 253, labels.allSatisfy(isLabel) else { return false }
    return labels.last?.contains { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
  }

  private static func isLabel(_ label: Substring.UTF8View) -> Bool {
    let hyphen = UInt8(ascii: "-")
    return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
      && label.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen:
          true
        default: false
        }
      }
  }
}
