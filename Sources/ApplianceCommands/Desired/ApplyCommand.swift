// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import DurableIO
import Planning
import Reconciliation

/// `kafclaw apply`.
struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Plan a desired state, or bring the appliance to it.",
    discussion: """
      Without PATH: the configured source. A folder can be planned by anyone; it is applied only \
      with --unverified and a reason.

      Exit codes: 0 done or no change, 1 error, 2 changes and 3 changes incl. destructive or \
      blocked (both with --exit-code), 4 denied by a guardrail, 5 plan stale, 6 busy, 7 source \
      rejected, 8 taken back, 9 taking back failed, 10 held, 11 invalid desired state.
      """)

  @Argument(help: "Folder with kafclaw.yaml, or a bare git repository.")
  var path: String?

  @Flag(help: "Show what would change, and change nothing.")
  var dryRun = false

  @Flag(help: "Exit with 2 or 3 when there are changes.")
  var exitCode = false

  @Flag(help: "Apply a folder that nobody signed; needs --reason.")
  var unverified = false

  @Option(help: "Why an unverified folder is applied; recorded.")
  var reason: String?

  @Option(help: "With --dry-run: write the plan to FILE, for --plan.")
  var planOut: String?

  @Option(help: "Carry out exactly the reviewed plan in FILE, or nothing.")
  var plan: String?

  @Option(help: "Digest of deletions that are meant although they are many (see the plan).")
  var acknowledge: String?

  @Option(help: "Host whose overlay is used (default: `host` of appliance.yaml).")
  var host: String?

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if path != nil && !dryRun && !(unverified && reason?.isEmpty == false) {
      throw ValidationError("a PATH is applied only with --unverified and --reason TEXT")
    }
    if planOut != nil && !dryRun { throw ValidationError("--plan-out goes with --dry-run") }
    if plan != nil && dryRun { throw ValidationError("--plan carries a plan out: no --dry-run") }
    if dryRun && unverified { throw ValidationError("--unverified has no meaning with --dry-run") }
  }

  func run() async throws {
    let paths = try options.paths
    var bootstrap =
      path == nil ? try Bootstrap.require(paths) : try Bootstrap.orDefault(paths)
    bootstrap.host = host ?? bootstrap.host
    let outcome = try await outcome(paths, bootstrap)
    if let planOut, let plan = outcome.plan { try PlanFile.write(plan, to: planOut) }
    try PassReport(outcome, isDryRun: dryRun, detailed: exitCode).render(options.format)
  }

  private func outcome(
    _ paths: AppliancePaths, _ bootstrap: BootstrapSpec
  ) async throws -> PassOutcome {
    // Only this process reads a bare repository that somebody names.
    let isBare = path.map(DesiredStateArgument.isBareRepository) ?? false
    if host == nil, !isBare, let client = try ControlClient.ofRunningAppliance(paths) {
      let tree = try path.map(DesiredStateArgument.tree)
      let request = ControlRequest(
        tree: tree, reason: reason, plan: try plan.map(PlanFile.read),
        acknowledged: try acknowledgedDigest)
      return try await client.post(
        dryRun ? ControlRoutes.plan : ControlRoutes.apply, request, as: PassOutcome.self)
    }
    let stopped = try Stopped.appliance(paths, bootstrap, host: host)
    var given: SourceReply?
    if let path {
      given = try await DesiredStateArgument.read(path, bootstrap: bootstrap, paths: paths)
    }
    if dryRun {
      return try await stopped.plan(given, acknowledging: try acknowledgedDigest)
    }
    let request = Reconciler.Request(
      justification: given == nil ? nil : reason ?? "", reviewed: try plan.map(PlanFile.read),
      acknowledged: try acknowledgedDigest)
    return try await stopped.apply(given, request)
  }

  private var acknowledgedDigest: Digest? {
    get throws {
      guard let acknowledge else { return nil }
      let digits = acknowledge.utf8.dropFirst("sha256:".utf8.count)
      guard acknowledge.hasPrefix("sha256:"), digits.count == 64,
        digits.allSatisfy(Hexadecimal.isDigit)
      else {
        throw ApplianceError(
          .malformed, "\(Quoted(acknowledge)) is not a digest", hint: "copy it from the plan")
      }
      return Digest(rawValue: acknowledge)
    }
  }
}
