// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DurableIO
import Foundation
import Glibc

/// `kafclaw incident`.
struct IncidentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incident",
    abstract: "Contain an incident, keep its evidence, come back in stages.",
    discussion: """
      What is contained stays so over restarts and commits, until `incident lift`. `status` and every \
      plan show it.
      """,
    subcommands: [
      Show.self, Contain.self, Restore.self, Lift.self, Snapshot.self, Report.self,
    ], defaultSubcommand: Show.self)

  /// `kafclaw incident show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show what is contained and what waits.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let paths = try options.paths
      guard let client = try ControlClient.ofRunningAppliance(paths) else {
        return try IncidentText.render(StoppedIncident(paths).state, options.format)
      }
      let report = try await client.get(ControlRoutes.incident, as: IncidentReport.self)
      try IncidentText.render(report, options.format)
    }
  }

  /// `kafclaw incident contain`.
  struct Contain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "contain", abstract: "Take tools, channels or everything away, now.",
      discussion: """
        tools: no tool runs. channels: and no sender is heard, and nothing is sent. all: and no API \
        client is heard but the operator of the host. From `channels` on the gateway's token is \
        rotated too, without overlap, where there is a tomb; the new one is shown once. A second \
        order can take more away, and gives nothing back.
        """)

    @Option(help: "tools, channels or all; all unless given.", transform: IncidentText.level)
    var level = Containment.Level.all

    @Option(help: "Why; recorded and shown.")
    var reason: String

    @Flag(help: "Leave the gateway's token as it is.")
    var keepToken = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      var failure: ApplianceError?
      let rotates = level >= .channels && !keepToken
      do {
        try await IncidentText.carryOut(
          IncidentOrder(.contain, reason: reason, level: level), options,
          isQuiet: rotates && options.format == .json)
      } catch let error as ApplianceError where error.code != .malformed {
        // It holds, or nobody knows: the rest is done all the same.
        failure = error
      }
      if rotates {
        do { try await IncidentText.rotateToken(options) } catch {
          guard failure != nil else { throw error }
          Output.note("the gateway's token was not rotated: \(ApplianceError.of(error).message)")
        }
      }
      if let failure { throw failure }
    }
  }

  /// `kafclaw incident restore`.
  struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "restore", abstract: "Let the channels and tools of a stage work again.",
      discussion: """
        Stages are declared: channels.NAME.stage and tools.stages; what has none comes back with \
        `incident lift`. Before a stage opens, the platforms of its channels are asked and their \
        listeners are tried with hostile requests; afterwards the appliance has to stay healthy, or \
        the stage is closed again. Exit codes: 0 open, 1 closed again, or never opened.
        """)

    @Option(help: "From 1 to 9; all up to this one.")
    var stage: Int

    @Option(help: "Why; recorded.")
    var reason = "restored by stage"

    @OptionGroup var options: GlobalOptions

    func validate() throws {
      guard (1...9).contains(stage) else { throw ValidationError("--stage is from 1 to 9") }
    }

    func run() async throws {
      _ = try ControlClient.require(try options.paths)
      try await IncidentText.carryOut(
        IncidentOrder(.restore, reason: reason, stage: stage), options)
    }
  }

  /// `kafclaw incident lift`.
  struct Lift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "lift", abstract: "End the containment: the desired state alone holds again.")

    @Option(help: "Why; recorded.")
    var reason: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      try await IncidentText.carryOut(IncidentOrder(.lift, reason: reason), options)
    }
  }
}

/// `kafclaw stop`.
struct StopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Stop the appliance, and keep it stopped.",
    discussion: """
      Nothing is sent after it, and all processes of the appliance are gone when it returns. It lists \
      what is held. `kafclaw run` ends at once until `kafclaw start`.
      """)

  @Option(help: "Why; recorded and shown.")
  var reason: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await IncidentText.carryOut(IncidentOrder(.stop, reason: reason), options)
    let paths = try options.paths
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while try FileLock.isHeld(paths.lock) {
      guard clock.now < deadline else {
        throw ApplianceError(
          .notRunning, "the appliance did not end within a minute",
          hint: "it does not start again; its process is in \(paths.lock)")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    if options.format != .json { Output.line("the appliance has ended") }
  }
}

/// `kafclaw start`.
struct StartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Take back `kafclaw stop`.",
    discussion: "It starts nothing itself: kafclaw run, or systemctl start kafclaw.")

  @Option(help: "Why; recorded.")
  var reason: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await IncidentText.carryOut(IncidentOrder(.start, reason: reason), options)
  }
}
