// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DesiredState
import FoundationEssentials
import GitSource
import Planning

extension Reconciler {
  /// Records a deed before it is done, and how it ended. What cannot be recorded is not done; only
  /// a return to the last good state goes on without.
  func audited<Value>(
    _ kind: AuditEvent.Kind, on subject: String, commit: String? = nil,
    details: [String: String], isReturn: Bool = false, _ body: () async throws -> Value
  ) async throws -> Value {
    let note: (AuditEvent.Outcome, [String: String]) throws -> Void = { outcome, more in
      let event = AuditEvent(
        kind, by: "reconciler", on: subject, outcome, at: self.now, commit: commit,
        details: details.merging(more) { _, new in new })
      try self.outside.audit([event])
    }
    do { try note(.intent, [:]) } catch {
      guard isReturn else { throw error }
      report.note(asApplianceError(error))
    }
    do {
      let value = try await body()
      do { try note(.done, [:]) } catch { report.note(asApplianceError(error)) }
      return value
    } catch {
      let cause = asApplianceError(error)
      do { try note(.failed, ["error": cause.code.rawValue]) } catch {
        report.note(asApplianceError(error))
      }
      throw error
    }
  }

  /// What an apply is about, in few words.
  static func details(of plan: Plan, _ bundle: AppliedBundle) -> [String: String] {
    var details = [
      "plan": plan.id, "effect": plan.effectDigest.short,
      "changes": String(plan.effective.count(where: \.writes)),
      "drift": String(plan.drift.count(where: \.writes)),
      "verification": bundle.source.verification,
    ]
    if let signer = bundle.source.verifiedBy { details["signer"] = signer }
    return details
  }

  /// A source that is refused is told once, not with every pass.
  func tellRefusal(_ outcome: PassOutcome) {
    guard outcome.kind == .rejected, let error = outcome.error else { return }
    let event = AuditEvent(
      .sourceRefused, by: "reconciler", on: source.repository, .denied, at: now,
      rule: error.code.rawValue, commit: report.source?.commit, details: ["why": error.message])
    do { try outside.audit([event]) } catch { report.note(asApplianceError(error)) }
  }
}
