// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ArgumentParser
import DesiredState
import Reconciliation

/// `kafclaw validate`.
struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check a desired state: schema, rules, guardrails.",
    discussion: "Exit codes: 0 valid, 11 schema or rule broken, 4 denied by a guardrail.")

  @Argument(help: "Folder with kafclaw.yaml, or a bare git repository.")
  var path = "."

  @Option(help: "Host whose overlay is used (default: `host` of appliance.yaml).")
  var host: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let paths = try options.paths
    var bootstrap = try Bootstrap.orDefault(paths)
    bootstrap.host = host ?? bootstrap.host
    let reply = try await DesiredStateArgument.read(path, bootstrap: bootstrap, paths: paths)
    let report = try IssueReport(reply.outcome)
    try report.render(options.format)
    if report.exitCode != 0 { throw CommandExit(code: report.exitCode) }
  }
}
