// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import DurableIO
import Policy
import Reconciliation

/// `kafclaw access`.
struct AccessCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "access", abstract: "Ask who may do what, and which rule says so.",
    subcommands: [Explain.self, WhoCan.self, WhatCan.self, Decisions.self])

  /// `kafclaw access explain`.
  struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "explain",
      abstract: "Show what is decided about a sender or a tool call, and why.",
      discussion: """
        Exit codes: 0 permitted, 2 needs an approval, 3 denied, 1 it cannot be told. They are about the rules of \
        the desired state; a containment or a pairing that decides otherwise now is told beside them.
        """)

    @OptionGroup var question: AccessQuestion

    @Option(help: "Tool to ask about; without it, whether a message is taken.")
    var tool: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let (policy, source) = try await question.policy(try options.paths)
      let principal = question.principal(source)
      let explanation = policy.explain(principal, tool: tool, taint: Set(question.taint))
      let answer = ExplanationReport(
        explanation, source,
        notes: await AccessNotes.of(principal, asked: question.place.path, try options.paths))
      try answer.render(options.format)
      if answer.exitCode != 0 { throw CommandExit(code: answer.exitCode) }
    }
  }

  /// `kafclaw access who-can`.
  struct WhoCan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "who-can", abstract: "List everybody who can use a tool, channel by channel.")

    @Argument(help: "Tool, as in exec.")
    var tool: String

    @Flag(help: "Also list those who cannot.")
    var all = false

    @OptionGroup var place: AccessPlace
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      guard ToolName.known.contains(tool) else { throw AccessPlace.unknown(tool) }
      let (policy, _) = try await place.policy(try options.paths)
      let reaches = policy.whoCan(tool, taint: Set(place.taint)).filter {
        all || $0.verdict != .denied
      }
      if options.format == .json { return try Output.json(ReachReport(tool: tool, reaches)) }
      if reaches.isEmpty { Output.line("nobody can use \(tool)") }
      for reach in reaches { Output.line(ReachReport.line(reach)) }
    }
  }

  /// `kafclaw access what-can`.
  struct WhatCan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "what-can", abstract: "List what is decided about every tool for a sender.")

    @OptionGroup var question: AccessQuestion
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let (policy, source) = try await question.policy(try options.paths)
      let decisions = policy.whatCan(
        question.principal(source), taint: Set(question.taint))
      if options.format == .json { return try Output.json(ToolsReport(decisions)) }
      for one in decisions {
        let decision = one.decision
        Output.line(
          "\(one.tool): \(decision.verdict.rawValue) (\(decision.reason.rawValue)) by "
            + source.place(of: decision))
      }
    }
  }

  /// `kafclaw access decisions`.
  struct Decisions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "decisions", abstract: "List the latest decisions of the running appliance.")

    @Option(help: "How many, from 1 to 1000.")
    var limit = 20

    @OptionGroup var options: GlobalOptions

    func validate() throws {
      guard (1...1_000).contains(limit) else {
        throw ValidationError("--limit is from 1 to 1000")
      }
    }

    func run() async throws {
      let client = try ControlClient.require(try options.paths)
      let answer = try await client.post(
        ControlRoutes.decisions, DecisionsRequest(limit: limit), as: DecisionsResponse.self)
      if options.format == .json { return try Output.json(answer) }
      for decision in answer.decisions { Output.line(DecisionLine.text(decision)) }
    }
  }
}

/// Which desired state is asked, and what a turn has read.
struct AccessPlace: ParsableArguments {
  @Option(help: "Folder with kafclaw.yaml, or a bare git repository (default: what is applied).")
  var path: String?

  @Option(
    help: "Text from elsewhere in the turn: files, web or bots. May be repeated.",
    transform: { text in
      guard let source = TaintSource(rawValue: text) else {
        throw ValidationError("\(Quoted(text)) is not one of files, web, bots")
      }
      return source
    })
  var taint: [TaintSource] = []

  func policy(_ paths: AppliancePaths) async throws -> (AccessPolicy, RuleSource) {
    let (state, commit) = try await StateArgument.loaded(path, paths)
    return (AccessPolicy(AccessRules(state.spec)), RuleSource(state: state, commit: commit))
  }

  static func unknown(_ tool: String) -> ApplianceError {
    ApplianceError(
      .malformed, "there is no tool \(Quoted(tool))",
      hint: "tools: \(ToolName.known.sorted().joined(separator: ", "))")
  }
}

/// Who asks, from where.
struct AccessQuestion: ParsableArguments {
  @OptionGroup var place: AccessPlace

  @Option(help: "Channel by name.")
  var channel = "web"

  @Option(help: "Platform id of the sender; without it, the client speaks for itself.")
  var sender: String?

  @Option(help: "Client that delivers the message; \"operator\" is kafclaw chat.")
  var client = "gateway"

  @Flag(help: "Written in a room, not directly.")
  var room = false

  @Flag(help: "In a room: the message names the bot.")
  var mention = false

  var taint: [TaintSource] { place.taint }

  /// The sender in the form in which the channel knows it.
  func principal(_ source: RuleSource) -> AccessPrincipal {
    let route = source.route(of: channel)
    return AccessPrincipal(
      channel: channel, client: route?.client ?? client,
      sender: sender.map { route?.listed($0) ?? $0 },
      conversation: room ? .room(isMention: mention) : .direct)
  }

  func policy(_ paths: AppliancePaths) async throws -> (AccessPolicy, RuleSource) {
    try await place.policy(paths)
  }
}
