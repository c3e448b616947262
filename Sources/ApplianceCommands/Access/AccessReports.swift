// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import FoundationEssentials
import Policy
import Timeline

/// Where rules stand: file, line and commit.
struct RuleSource {
  let state: LoadedState
  let commit: String?

  /// The account of a channel; `nil` for `web` and for what is not declared.
  func route(of channel: String) -> ChannelRoute? {
    state.spec.channels[channel].flatMap { spec in
      spec.type.hasAccount ? ChannelRoute(channel, spec) : nil
    }
  }

  /// The field that decided and its place.
  func place(of decision: AccessDecision) -> String {
    let entry = decision.entry.map { " (\(VisibleText.escape($0)))" } ?? ""
    let origin = origin(of: decision)
    let isWritten = ![Origin.builtIn.description, Self.builtIn].contains(origin)
    let revision = isWritten ? commit.map { " in commit \($0.prefix(12))" } ?? "" : ""
    return "\(decision.rule)\(entry), \(origin)\(revision)"
  }

  private static let builtIn = "built in"

  func origin(of decision: AccessDecision) -> String {
    guard !decision.rule.hasPrefix("builtin.") else { return Self.builtIn }
    if let path = entryPath(of: decision), let (_, origin) = state.origin(of: path) {
      return origin.description
    }
    return state.origin(of: decision.rule)?.1.description ?? Origin.builtIn.description
  }

  /// The place of the entry in its list, which is where a reader wants to look.
  private func entryPath(of decision: AccessDecision) -> String? {
    let names = decision.rule.split(separator: ".")
    let route = names.count == 3 && names[0] == "channels" ? route(of: String(names[1])) : nil
    guard let entry = decision.entry,
      let items = state.origin(of: decision.rule)?.0.arrayValue,
      let index = items.firstIndex(where: { item in
        item == .string(entry) || item.stringValue.flatMap { route?.listed($0) } == entry
      })
    else { return nil }
    return "\(decision.rule)[\(index)]"
  }
}

/// What `access explain` says.
struct ExplanationReport: Encodable {
  let formatVersion = 1
  let explanation: AccessExplanation
  let origin: String
  let commit: String?
  /// What decides beside the rules now.
  let notes: [String]
  private let place: String

  private enum CodingKeys: String, CodingKey {
    case formatVersion, explanation, origin, commit, notes
  }

  init(_ explanation: AccessExplanation, _ source: RuleSource, notes: [String]) {
    (self.explanation, self.notes) = (explanation, notes)
    origin = source.origin(of: explanation.decision)
    commit = source.commit
    place = source.place(of: explanation.decision)
  }

  var exitCode: Int32 {
    switch explanation.decision.verdict {
    case .permitted: 0
    case .denied: 3
    case .needsApproval: 2
    }
  }

  func render(_ format: OutputFormat) throws {
    if format == .json { return try Output.json(self) }
    let decision = explanation.decision
    Output.line("\(decision.verdict.rawValue): \(decision.reason.rawValue)")
    Output.line("  by \(place)")
    if let tier = decision.tier { Output.line("  sender tier \(tier.rawValue)") }
    for step in explanation.steps {
      Output.line("  \(step.decided ? "*" : "-") \(step.field): \(VisibleText.escape(step.says))")
    }
    for note in notes { Output.line(note) }
  }
}

/// What `access who-can` says.
struct ReachReport: Encodable {
  let formatVersion = 1
  let tool: String
  let reaches: [Reach]

  init(tool: String, _ reaches: [Reach]) { (self.tool, self.reaches) = (tool, reaches) }

  static func line(_ reach: Reach) -> String {
    let who = reach.sender.map { VisibleText.escape($0) } ?? reach.who.rawValue
    let entry = reach.entry.map { " (\(VisibleText.escape($0)))" } ?? ""
    return "\(reach.channel) \(who) [\(reach.conversation.rawValue)]: \(reach.verdict.rawValue) "
      + "(\(reach.reason.rawValue)) by \(reach.rule)\(entry)"
  }
}

/// What `access what-can` says.
struct ToolsReport: Encodable {
  let formatVersion = 1
  let tools: [ToolDecision]

  init(_ tools: [ToolDecision]) { self.tools = tools }
}

/// One decision on one line.
enum DecisionLine {
  static func text(_ record: DecisionRecord) -> String {
    let who = VisibleText.escape(record.principal.sender ?? record.principal.client)
    let what = record.tool.map { " \(VisibleText.escape($0))" } ?? ""
    let approval = record.approval.map { ", approval \($0.rawValue)" } ?? ""
    return "\(record.at.formatted(.iso8601)) \(record.principal.channel) \(who)\(what): "
      + "\(record.verdict.rawValue) (\(record.reason)) by \(record.rule)\(approval)"
  }
}
