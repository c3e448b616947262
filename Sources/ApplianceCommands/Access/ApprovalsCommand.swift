// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DurableIO
import FoundationEssentials

/// `kafclaw approvals`.
struct ApprovalsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approvals", abstract: "Tool calls that wait for an operator's word.",
    subcommands: [List.self, Approve.self, Deny.self], defaultSubcommand: List.self)

  /// `kafclaw approvals list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the calls that wait, each as it would run.")

    @Flag(help: "Also those that were decided.")
    var all = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let client = try ControlClient.require(try options.paths)
      let answer = try await client.post(
        ControlRoutes.approvals, ApprovalsRequest(state: all ? nil : .pending),
        as: ApprovalsResponse.self)
      if options.format == .json { return try Output.json(answer) }
      if answer.approvals.isEmpty { Output.line("nothing waits for an approval") }
      for approval in answer.approvals { Output.text(ApprovalText.page(approval)) }
    }
  }

  /// `kafclaw approvals approve`.
  struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "approve", abstract: "Let a waiting call run.",
      discussion: """
        The word is given for exactly the call that is shown: another argument, another program or \
        another file needs another word. Whoever asked for a call may not approve it.
        """)

    @Argument(help: "Approval by id.")
    var id: String

    @Option(help: "How often the same call may run in its session, until the approval expires.")
    var uses = 1

    @Option(help: "Why; recorded.")
    var note: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      try await ApprovalsCommand.say(
        ApprovalDecision(
          id: ApprovalID(rawValue: id), isApproved: true, uses: uses, note: note), options)
    }
  }

  /// `kafclaw approvals deny`.
  struct Deny: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "deny", abstract: "Refuse a waiting call; the model is told.")

    @Argument(help: "Approval by id.")
    var id: String

    @Option(help: "Why; recorded.")
    var note: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      try await ApprovalsCommand.say(
        ApprovalDecision(id: ApprovalID(rawValue: id), isApproved: false, note: note), options)
    }
  }

  private static func say(_ word: ApprovalDecision, _ options: GlobalOptions) async throws {
    let client = try ControlClient.require(try options.paths)
    let answer = try await client.post(
      ControlRoutes.decide, word, as: ApprovalsResponse.self)
    if options.format == .json { return try Output.json(answer) }
    for approval in answer.approvals {
      Output.line("\(approval.id.rawValue) is \(approval.state.rawValue)")
    }
  }
}

/// A waiting call as an operator reads it: everything escaped, every argument on its own line.
enum ApprovalText {
  static func page(_ approval: Approval) -> String {
    let requester = approval.requester
    let who = "\(requester.channel)/\(requester.client)/\(requester.sender ?? "-")"
    var lines = [
      "\(approval.id.rawValue)  \(approval.state.rawValue)  \(approval.tool)",
      "  asked by \(VisibleText.escape(who)) in \(approval.session.rawValue)",
      "  because of \(approval.decision.rule) (\(approval.decision.reason.rawValue))",
      "  until \(approval.expiresAt.formatted(.iso8601))",
    ]
    for detail in approval.details {
      let text = VisibleText.escape(detail.text)
      lines.append("  \(VisibleText.escape(detail.name)): \(text)")
    }
    if let by = approval.decidedBy { lines.append("  decided by \(VisibleText.escape(by))") }
    return lines.joined(separator: "\n") + "\n"
  }
}
