// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import DurableIO
import Foundation
import Reconciliation

/// `kafclaw rollback`.
struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Go back to an earlier applied state, and stay there.",
    discussion: """
      Needs no repository: the last ten applied states are kept whole. The appliance stays there \
      until --until, or `kafclaw resume`. Exit codes as `kafclaw apply`.
      """)

  @Option(help: "Commit or tree to go back to, or its first digits (default: the one before).")
  var to: String?

  @Option(help: "Why; recorded.")
  var reason: String

  @Option(help: "When to follow the repository again: a UTC time, or a duration such as 4h.")
  var until = "24h"

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let paths = try options.paths
    let request = HoldRequest(reason: reason, until: try HoldTime.date(until), target: to)
    let outcome: PassOutcome
    if let client = try ControlClient.ofRunningAppliance(paths) {
      outcome = try await client.post(ControlRoutes.rollback, request, as: PassOutcome.self)
    } else {
      let stopped = try Stopped.appliance(paths, try Bootstrap.require(paths))
      outcome = try await stopped.locked("kafclaw rollback") { reconciler in
        await reconciler.rollback(
          to: to, reason: reason, until: request.until ?? .distantPast)
      }
    }
    try PassReport(outcome, isDryRun: false, detailed: false).render(options.format)
  }
}

/// `kafclaw suspend`.
struct SuspendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suspend", abstract: "Write nothing for a while; keep watching.",
    discussion: """
      Fetching, verifying, planning and reporting drift go on; `status` says Suspended and exits \
      with 1. Ends at --until, or with `kafclaw resume`.
      """)

  @Option(help: "Why; recorded and shown.")
  var reason: String

  @Option(help: "When it ends: a UTC time, or a duration such as 4h.")
  var until = "24h"

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let paths = try options.paths
    let request = HoldRequest(reason: reason, until: try HoldTime.date(until))
    let state: LoopState
    if let client = try ControlClient.ofRunningAppliance(paths) {
      state = try await client.post(ControlRoutes.suspend, request, as: LoopState.self)
    } else {
      let stopped = try Stopped.appliance(paths, try Bootstrap.require(paths))
      state = try await stopped.locked("kafclaw suspend") { reconciler in
        try await reconciler.suspend(reason: reason, until: request.until ?? .distantPast)
      }
    }
    try HoldReport.render(state, options.format)
  }
}

/// `kafclaw resume`.
struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "End a suspension, a hold or a rollback.",
    discussion: "With --release: let one quarantined desired state be tried again.")

  @Option(help: "Digest, tree or commit of a quarantined desired state, or its first digits.")
  var release: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let paths = try options.paths
    let state: LoopState
    if let client = try ControlClient.ofRunningAppliance(paths) {
      state = try await client.post(
        ControlRoutes.resume, HoldRequest(target: release), as: LoopState.self)
    } else {
      let stopped = try Stopped.appliance(paths, try Bootstrap.require(paths))
      state = try await stopped.locked("kafclaw resume") { reconciler in
        try await reconciler.resume(release: release)
      }
    }
    try HoldReport.render(state, options.format)
  }
}

/// What `suspend` and `resume` print.
enum HoldReport {
  static func render(_ state: LoopState, _ format: OutputFormat) throws {
    guard format != .json else { return try Output.json(state) }
    if let hold = state.hold {
      let until = hold.until.map { " until \($0.formatted(.iso8601))" } ?? ""
      Output.line("\(hold.kind.rawValue)\(until): \(hold.reason)")
    } else {
      Output.line("following the repository")
    }
    for bad in state.quarantine {
      let commit = bad.commit.map { " (commit \($0.prefix(12)))" } ?? ""
      Output.line("quarantined \(bad.desired.short)\(commit): \(bad.reason)")
    }
  }
}

/// Until when something holds.
enum HoldTime {
  /// - Throws: `model.malformed`.
  static func duration(_ text: String) throws -> Duration {
    if let duration = SpecDuration.parse(text) { return duration.duration }
    throw ApplianceError(
      .malformed, "\(Quoted(text)) is not a duration", hint: "write 90s, 15m, 4h or 60d")
  }

  /// - Throws: `model.malformed` for what is neither a UTC time nor a duration.
  static func date(_ text: String, from now: Date = Date()) throws -> Date {
    if let duration = SpecDuration.parse(text) {
      return now.addingTimeInterval(Double(duration.seconds))
    }
    // `try?`: what is no time is reported below.
    if let date = try? Date(text, strategy: .iso8601) { return date }
    throw ApplianceError(
      .malformed, "\(Quoted(text)) is not a time",
      hint: "write UTC, as in 2026-11-22T18:00:00Z, or a duration such as 4h")
  }
}
