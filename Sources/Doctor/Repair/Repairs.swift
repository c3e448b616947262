// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog

/// What `--fix` did, or with `--dry-run` would do.
public struct RepairReport: Sendable, Codable, Equatable {
  public enum Outcome: String, Sendable, Codable {
    case planned
    case done
    case failed
  }

  public struct Step: Sendable, Codable, Equatable {
    public let check: String
    public let description: String
    public let outcome: Outcome
    /// Why it failed.
    public let error: ApplianceError?
  }

  public internal(set) var steps: [Step] = []

  public init() {}

  public var failed: [Step] { steps.filter { $0.outcome == .failed } }
}

/// Carries out the repairs of checks that found something.
public enum Repairs {
  /// Takes one check after the other; each one looks again before it acts, and a repair that fails
  /// keeps no other from being tried.
  ///
  /// - Parameter show: Gets what is shown once, such as a new token.
  public static func carryOut(
    of found: Examination, on host: Host, isDryRun: Bool,
    show: (_ what: String, SecretValue) -> Void
  ) async -> RepairReport {
    var report = RepairReport()
    for result in found.checks where result.counts && result.fixable {
      guard let check = Checks.all.first(where: { $0.id == result.id }), let repair = check.repair
      else { continue }
      let repairs: [Repair]
      do { repairs = try await repair(host) } catch {
        report.steps.append(
          .init(
            check: check.id, description: "find out what to do", outcome: .failed,
            error: ApplianceError.of(error)))
        continue
      }
      for repair in repairs {
        report.steps.append(
          await carryOut(repair, of: check, on: host, isDryRun: isDryRun, show: show))
      }
    }
    return report
  }

  private static func carryOut(
    _ repair: Repair, of check: Check, on host: Host, isDryRun: Bool,
    show: (_ what: String, SecretValue) -> Void
  ) async -> RepairReport.Step {
    func step(_ outcome: RepairReport.Outcome, _ error: ApplianceError? = nil) -> RepairReport.Step
    {
      .init(check: check.id, description: repair.description, outcome: outcome, error: error)
    }
    guard !isDryRun else { return step(.planned) }
    do {
      try host.acts.record(repair.subject, .intent, ["check": check.id])
      do {
        if let secret = try await repair.act() { show(repair.description, secret) }
      } catch {
        let cause = ApplianceError.of(error)
        // `try?`: why it failed is worth more than that this could not be recorded.
        try? host.acts.record(
          repair.subject, .failed, ["check": check.id, "error": cause.code.rawValue])
        return step(.failed, cause)
      }
      try host.acts.record(repair.subject, .done, ["check": check.id])
      return step(.done)
    } catch {
      return step(.failed, ApplianceError.of(error))
    }
  }
}
