// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
import DesiredState
public import FoundationEssentials
import GitSource
import Planning

extension Reconciler {
  /// The longest time of a hold or pin.
  public static let holdLimit: TimeInterval = 30 * 86_400

  /// Stops writing until `until`; fetching, verifying, planning and reporting drift go on.
  public func suspend(reason: String, until: Date) async throws -> LoopState {
    aborts += 1
    defer { aborts -= 1 }
    return try await exclusively {
      try Self.requireTime(until, reason, now)
      let details = ["reason": reason, "until": until.formatted(.iso8601)]
      return try await audited(.hold, on: "suspend", details: details) {
        loop.hold = LoopState.Hold(.suspended, reason: reason, since: now, until: until)
        try remember()
        report.changedByOperator()
        return loop
      }
    }
  }

  /// Ends a hold and a pin; with `release`, frees a quarantined state by its digest, tree or commit.
  ///
  /// - Throws: `reconciler.nothing-held`.
  public func resume(release: String?) async throws -> LoopState {
    try await exclusively {
      try await audited(.hold, on: "resume", details: release.map { ["release": $0] } ?? [:]) {
        try resumed(release)
      }
    }
  }

  private func resumed(_ release: String?) throws -> LoopState {
    if let release {
      guard loop.release(release) else {
        throw ApplianceError(
          .nothingHeld, "no quarantined state has the digest, tree or commit \"\(release)\"",
          hint: "kafclaw status")
      }
    } else if loop.hold == nil && loop.pin == nil {
      throw ApplianceError(.nothingHeld, "nothing is suspended or pinned", hint: "kafclaw status")
    } else {
      (loop.hold, loop.pin) = (nil, nil)
    }
    loop.forgetReturns()
    try remember()
    report.changedByOperator()
    return loop
  }

  /// Goes back to a stored state and stays there until `until`, or `resume`. Needs no repository.
  public func rollback(to name: String?, reason: String, until: Date) async -> PassOutcome {
    aborts += 1
    var isWaiting = true
    defer { if isWaiting { aborts -= 1 } }
    return await turn {
      // Its own wait for health is not to be ended by itself.
      (aborts, isWaiting) = (aborts - 1, false)
      do {
        try Self.requireTime(until, reason, now)
        if let hold = loop.hold, hold.forbidsWrites { throw Gates.suspended(hold) }
        let (file, bundle) = try bundles.find(name)
        try readPolicy()
        if case .rejected(let why)? = policy?.verdict(on: bundle) {
          throw ApplianceError(
            .sourceRejected, "that state is by nobody who is trusted now: \(why)",
            hint: "kafclaw history; kafclaw rollback --to another commit")
        }
        let pin = LoopState.Pin(
          bundle: file, commit: bundle.revision?.commit, reason: reason, since: now, until: until)
        try await audited(
          .hold, on: "rollback", commit: pin.commit,
          details: ["reason": reason, "until": until.formatted(.iso8601)]
        ) {
          loop.pin = pin
          try remember()
        }
        var request = Request(justification: "rollback: \(reason)")
        request.mode = .rollback
        let outcome = await apply(bundle, .operatorRequest, request)
        guard ![.applied, .noChange].contains(outcome.kind) else { return outcome }
        loop.pin = nil
        try remember()
        return outcome
      } catch {
        return PassOutcome(.failed, error: asApplianceError(error))
      }
    }
  }

  /// Replaces what was accepted of the source, and notes it in the history.
  public func changeTrust(
    _ change: @Sendable (SourceTrust?) throws -> SourceTrust
  ) async throws -> SourceTrust {
    aborts += 1
    defer { aborts -= 1 }
    return try await exclusively {
      isNewerWaiting = false
      let after = try change(try trustFiles.read())
      return try await audited(
        .sourceAccepted, on: source.repository, commit: after.accepted,
        details: ["count": String(after.count)]
      ) { try settle(after) }
    }
  }

  private func settle(_ after: SourceTrust) throws -> SourceTrust {
    try history.append(
      HistoryEntry(
        at: now, serial: try files.appliedState().serial, trigger: .operatorRequest,
        outcome: .noChange, commit: after.accepted,
        summary: "the source may be at commit \(after.accepted.prefix(12)) from now on",
        items: [],
        justification: "rewind accepted"))
    try trustFiles.write(after)
    fetchBackoff.succeed()
    return after
  }

  private static func requireTime(_ until: Date, _ reason: String, _ now: Date) throws {
    guard until > now, until <= now.addingTimeInterval(holdLimit) else {
      throw ApplianceError(
        .malformed, "\(until.formatted(.iso8601)) is not within the next 30 days",
        hint: "--until takes a time such as 2026-11-22T18:00:00Z, or a duration such as 4h")
    }
    guard !reason.isEmpty, reason.utf8.count <= 400 else {
      throw ApplianceError(
        .malformed, "a reason of at most 400 bytes is required", hint: "--reason TEXT")
    }
  }
}

extension ApplianceError.Code {
  /// There is nothing to resume.
  public static let nothingHeld = Self("reconciler.nothing-held")
}
