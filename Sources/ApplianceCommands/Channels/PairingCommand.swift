// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import FoundationEssentials

/// `kafclaw pairing`.
struct PairingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pairing", abstract: "Unknown senders who asked to be admitted.",
    discussion: """
      On a channel with `pairing: true` an unknown direct sender gets a code, good for an hour. Who \
      knows the sender lets them tell the code and approves it: that admits them for a while, to talk, \
      without tools. What is to last belongs into the desired state.
      """,
    subcommands: [List.self, Approve.self, Deny.self], defaultSubcommand: List.self)

  /// `kafclaw pairing list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List who waits, and who is admitted by pairing.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      try await PairingCommand.ask(PairingRequest(), options, empty: "nobody waits")
    }
  }

  /// `kafclaw pairing approve`.
  struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "approve", abstract: "Admit the sender who told you this code.",
      discussion: """
        Prints the change of the desired state that would make it last: a difference that `git apply` \
        takes, to standard output, or what to add where the file's form leaves it to people.
        """)

    @Argument(help: "The code, as the sender read it.")
    var code: String

    @Option(name: .customLong("for"), help: "How long, such as 7d.")
    var time = "7d"

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      // Before anything is resolved: a secret's variable is taken out of the environment.
      let overrides = ProcessEnvironment.overrides
      let seconds = try HoldTime.duration(time).components.seconds
      let client = try ControlClient.require(try options.paths)
      let answer = try await client.post(
        ControlRoutes.pairings, PairingRequest(approve: code, seconds: Int(clamping: seconds)),
        as: PairingResponse.self)
      if options.format == .json { return try Output.json(answer) }
      for pairing in answer.pairings {
        Output.note(PairingCommand.line(pairing))
        try await permanent(pairing, overrides)
      }
    }

    /// A patch that cannot be made keeps nobody from being admitted.
    private func permanent(_ pairing: Pairing, _ overrides: EnvironmentOverrides) async throws {
      do {
        let client = try ControlClient.require(try options.paths)
        let state = try await client.get(ControlRoutes.desired, as: LoadedState.self)
        let allow = state.spec.channels[pairing.channel]?.allow.map { JSONValue.string($0.text) }
        let change = DesiredChange(
          "channels.\(pairing.channel).allow", .array((allow ?? []) + [.string(pairing.sender)]))
        let patch = try await ProposedPatch.patch(for: [change], try options.paths, overrides)
        guard patch.text.isEmpty else { return Output.text(patch.text) }
      } catch {
        Output.note("no patch could be made: \(ApplianceError.of(error).message)")
      }
      Output.note(
        "to make it last, add \"\(pairing.sender)\" to channels.\(pairing.channel).allow")
    }
  }

  /// `kafclaw pairing deny`.
  struct Deny: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "deny",
      abstract: "Refuse somebody, or end an admission; no other code for a day.")

    @Argument(help: "Pairing by number.")
    var id: Int64

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      try await PairingCommand.ask(PairingRequest(deny: id), options, empty: "")
    }
  }

  private static func ask(
    _ request: PairingRequest, _ options: GlobalOptions, empty: String
  ) async throws {
    let client = try ControlClient.require(try options.paths)
    let answer = try await client.post(
      ControlRoutes.pairings, request, as: PairingResponse.self)
    if options.format == .json { return try Output.json(answer) }
    if answer.pairings.isEmpty { Output.line(empty) }
    for pairing in answer.pairings { Output.line(line(pairing)) }
  }

  static func line(_ pairing: Pairing) -> String {
    let who = "\(pairing.channel)  \(VisibleText.escape(pairing.sender))"
    return "\(pairing.id)  \(who)  \(pairing.state.rawValue) until "
      + pairing.until.formatted(.iso8601)
  }
}
