// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import FoundationEssentials

/// `kafclaw alerts`.
struct AlertsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alerts", abstract: "What the appliance watches for, and saw.",
    discussion: """
      An alert goes along appliance.escalation, one step after the other, until somebody acknowledges \
      it. It closes ten minutes after what it says is not true any more.
      """,
    subcommands: [List.self, Acknowledge.self], defaultSubcommand: List.self)

  /// `kafclaw alerts list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the alerts that are open or acknowledged.")

    @Flag(help: "Also those that are over.")
    var all = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let client = try ControlClient.require(try options.paths)
      let states: [Alert.State] = all ? Alert.State.allCases : [.open, .acknowledged]
      let answer = try await client.post(
        ControlRoutes.alerts, AlertsRequest(states: states), as: AlertsResponse.self)
      if options.format == .json { return try Output.json(answer) }
      if answer.alerts.isEmpty { Output.line("nothing") }
      for alert in answer.alerts { Output.line(AlertsCommand.line(alert)) }
    }
  }

  /// `kafclaw alerts ack`.
  struct Acknowledge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ack", abstract: "Say that you know: it goes to nobody else.")

    @Argument(help: "Alert by number.")
    var id: Int64

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let client = try ControlClient.require(try options.paths)
      let answer = try await client.post(
        ControlRoutes.alerts, AlertsRequest(acknowledge: id), as: AlertsResponse.self)
      if options.format == .json { return try Output.json(answer) }
      for alert in answer.alerts { Output.line(AlertsCommand.line(alert)) }
    }
  }

  static func line(_ alert: Alert) -> String {
    let subject = alert.subject.isEmpty ? "" : " \(VisibleText.escape(alert.subject))"
    let by = alert.acknowledgedBy.map { " by \($0)" } ?? ""
    return "\(alert.id)  \(alert.openedAt.formatted(.iso8601))  \(alert.state.rawValue)\(by)  "
      + "\(alert.signal.rawValue)\(subject): \(VisibleText.escape(alert.message))"
  }
}
