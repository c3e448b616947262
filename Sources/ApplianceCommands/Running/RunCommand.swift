// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DurableIO

/// `kafclaw run`.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the appliance: supervise, reconcile, serve.",
    discussion: """
      Reads ~/.config/kafclaw/appliance.yaml. Stops in order on SIGTERM or SIGINT. With --once: \
      one pass with all components started, then stop; exit codes as `kafclaw apply`.
      """)

  @Flag(help: "One pass, then stop.")
  var once = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try RootRefusal.require(environment: ProcessEnvironment.settings)
    let paths = try options.paths
    let bootstrap = try Bootstrap.require(paths)
    let daemon = ApplianceDaemon(paths: paths, bootstrap: bootstrap)
    guard let outcome = try await daemon.run(once: once) else { return }
    try PassReport(outcome, isDryRun: false, detailed: false).render(options.format)
  }
}

/// `kafclaw component`: what `run` starts, or a service manager; of no use by hand.
struct ComponentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "component", abstract: "A process of the appliance, started by `run`.",
    shouldDisplay: false)

  @Argument(help: "gateway, agent, source, tool, tools or drill.")
  var role: String

  @Option(help: "Where the supervisor waits for a component that it did not start.")
  var socket: String?

  @Argument(help: "Process id of the supervisor that started it.")
  var supervisor: Int32?

  @Argument(help: "Folders it works in.")
  var folders: [String] = []

  func run() async throws {
    try ComponentEntry.prepare(supervisor: supervisor, role: role)
    if role == "drill" { return await DrillWorker.serve() }
    try await ComponentEntry.run(role: role)
  }
}
