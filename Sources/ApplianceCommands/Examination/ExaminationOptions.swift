// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import ControlAPI
import Daemon
import DesiredState
import Doctor
import DurableIO
import FoundationEssentials

/// Options of every command that examines the host.
struct ExaminationOptions: ParsableArguments {
  @Option(help: "Only this check; again for more.")
  var only: [String] = []

  @Option(help: "Not this check; again for more.")
  var skip: [String] = []

  @Flag(help: "Exit code 2 for warnings.")
  var strict = false

  init() {}

  /// - Throws: A usage error for a check that there is not.
  func selection(_ groups: Set<Check.Group>) throws -> CheckSelection {
    let known = Set(Checks.all.map(\.id))
    if let wrong = (only + skip).first(where: { !known.contains($0) }) {
      let suggestion = NearestName.suggestion(for: wrong, among: known.sorted())
      let advice = suggestion.map { "; did you mean \($0)?" } ?? ""
      throw ValidationError("there is no check \(Quoted(wrong))\(advice)")
    }
    var selection = CheckSelection(groups)
    (selection.only, selection.skip) = (Set(only), Set(skip))
    return selection
  }
}

/// Options of where to look and how to print, with a form that only findings have.
struct ExaminationCommandOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case human
    case json
    /// SARIF 2.1.0, for code scanning.
    case sarif
  }

  @Option(help: "Folder that stands for ~ (also KAFCLAW_HOME).")
  var home: String?

  @Option(help: "Form of the result: human, json, sarif.")
  var output: Format = .human

  @Flag(help: "Short for --output json.")
  var json = false

  init() {}

  var format: Format { json ? .json : output }

  var paths: AppliancePaths {
    get throws {
      try AppliancePaths.resolve(explicit: home, environment: ProcessEnvironment.settings)
    }
  }
}

/// A host as commands examine it.
enum ExaminedHost {
  static func look(_ options: ExaminationCommandOptions, at now: Date = Date()) async throws -> Host
  {
    let paths = try options.paths
    var running = HostExamination.Running()
    // A command that holds the lock has no socket, and neither has an appliance that lost it.
    running.isRunning = try FileLock.isHeld(paths.lock)
    if running.isRunning, let client = try ControlClient.ofRunningAppliance(paths) {
      // `try?`: an appliance that does not answer is what the check `appliance.running` tells.
      running.status = try? await client.get(
        ControlRoutes.status, as: ApplianceStatus.self, seconds: patience)
      ask(client, answers: running.status != nil, for: &running)
    }
    return await HostExamination(paths, running).host(at: now)
  }

  /// How long an appliance may take to say how it is. Seconds.
  private static let patience: Int64 = 5

  /// - Parameter answers: One that does not is waited for only once.
  private static func ask(
    _ client: ControlClient, answers: Bool, for running: inout HostExamination.Running
  ) {
    let require: @Sendable () throws -> Void = {
      guard !answers else { return }
      throw ApplianceError(
        .notRunning, "the appliance does not answer", hint: "kafclaw status")
    }
    running.timelineProblem = { full in
      try require()
      return try await client.post(
        ControlRoutes.timeline, TimelineRequest(full: full), as: TimelineReport.self
      ).problem
    }
    running.auditAnchors = {
      try require()
      return try await client.get(ControlRoutes.auditAnchors, as: AuditAnchors.self).anchors
    }
    running.access = {
      try require()
      return try await client.get(ControlRoutes.access, as: GatewayAccess.self)
    }
    running.sandboxes = {
      try require()
      return try await client.get(ControlRoutes.sandboxes, as: SandboxReport.self).probes
    }
    running.escape = { sandbox in
      try require()
      return try await client.post(
        ControlRoutes.escape, EscapeRequest(sandbox: sandbox), as: EscapeReport.self
      ).findings
    }
    running.reseal = {
      try require()
      try await client.reseal()
    }
  }

  /// The operator's suppressions, from the desired state.
  static func suppressions(_ host: Host) -> [Suppression] {
    // `try?`: without a desired state nothing is suppressed.
    guard let state = (try? host.desired.get()) ?? nil else { return [] }
    return Suppression.declared(in: state.spec)
  }
}
