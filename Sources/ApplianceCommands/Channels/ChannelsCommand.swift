// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import ControlAPI
import Daemon
import FoundationEssentials

/// `kafclaw channels`.
struct ChannelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "channels", abstract: "Chat channels: how they are, and what did not arrive.",
    subcommands: [List.self, Probe.self, DeadLetters.self], defaultSubcommand: List.self)

  /// `kafclaw channels list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the channels and how each one is.")

    @OptionGroup var options: GlobalOptions

    private struct Listing: Encodable {
      let formatVersion = 1
      let channels: [ApplianceStatus.Expectation]
    }

    func run() async throws {
      let client = try ControlClient.require(try options.paths)
      let status = try await client.get(ControlRoutes.status, as: ApplianceStatus.self)
      if options.format == .json { return try Output.json(Listing(channels: status.channels)) }
      if status.channels.isEmpty { Output.line("no channel is declared") }
      for channel in status.channels {
        let words = channel.message.map { ": \(VisibleText.escape($0))" } ?? ""
        Output.line("\(channel.name)  \(channel.health.rawValue)\(words)")
      }
    }
  }

  /// `kafclaw channels dead-letters`.
  struct DeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dead-letters", abstract: "Texts that no platform took, and were given up.",
      discussion: """
        A text is given up when its platform refuses it, after 12 attempts, or after a day. It stays \
        in the timeline until an operator says what is to be done.
        """,
      subcommands: [Listing.self, Resubmit.self, Drop.self], defaultSubcommand: Listing.self)

    /// `kafclaw channels dead-letters list`.
    struct Listing: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what was given up.")

      @OptionGroup var options: GlobalOptions

      func run() async throws {
        let client = try ControlClient.require(try options.paths)
        let answer = try await client.post(
          ControlRoutes.deliveries, DeliveriesRequest(state: .dead), as: DeliveriesResponse.self)
        if options.format == .json { return try Output.json(answer) }
        if answer.deliveries.isEmpty { Output.line("nothing was given up") }
        for delivery in answer.deliveries { Output.line(ChannelsCommand.line(delivery)) }
      }
    }

    /// `kafclaw channels dead-letters resubmit`.
    struct Resubmit: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "resubmit", abstract: "Send one again, from the part where it stopped.")

      @Argument(help: "Dead letter by number.")
      var id: Int64

      @OptionGroup var options: GlobalOptions

      func run() async throws { try await ChannelsCommand.say(.resubmit, id, options) }
    }

    /// `kafclaw channels dead-letters drop`.
    struct Drop: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Give one up for good.")

      @Argument(help: "Dead letter by number.")
      var id: Int64

      @OptionGroup var options: GlobalOptions

      func run() async throws { try await ChannelsCommand.say(.drop, id, options) }
    }
  }

  private static func say(
    _ deed: DeliveriesRequest.Deed, _ id: Int64, _ options: GlobalOptions
  ) async throws {
    let client = try ControlClient.require(try options.paths)
    let answer = try await client.post(
      ControlRoutes.deliveries,
      DeliveriesRequest(state: .dead, deed: deed, id: DeliveryID(rawValue: id)),
      as: DeliveriesResponse.self)
    if options.format == .json { return try Output.json(answer) }
    for delivery in answer.deliveries {
      Output.line("\(delivery.id.rawValue) is \(delivery.state.rawValue)")
    }
  }

  private static func line(_ delivery: DeliveryRecord) -> String {
    let place = "\(delivery.channel)/\(VisibleText.escape(delivery.conversation))"
    let words = delivery.error.map { ": \(VisibleText.escape($0))" } ?? ""
    return "\(delivery.id.rawValue)  \(delivery.createdAt.formatted(.iso8601))  \(place)  "
      + "\(delivery.size) bytes, \(delivery.attempts) attempts\(words)"
  }
}
