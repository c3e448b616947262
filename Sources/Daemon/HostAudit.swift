// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import AuditLog
public import DurableIO
import Foundation
import Glibc
public import SodiumCrypto
import Timeline
public import Tomb

/// The audit log of a host as commands use it.
public struct HostAudit: Sendable {
  public let files: AuditFiles
  public let trail: AuditTrail
  /// The log of skills.
  private let skillTrail: AuditTrail
  private let timeline: String

  public init(_ paths: AppliancePaths) {
    files = AuditFiles(paths)
    trail = AuditTrail(files)
    skillTrail = Self.skills(paths)
    timeline = paths.timelineFile
  }

  /// The log of skills: decisions about installations, and what skills did.
  static func skills(_ paths: AppliancePaths) -> AuditTrail { AuditTrail(skillFiles(paths)) }

  /// Records what a skill did, or what was decided about one.
  ///
  /// - Throws: What keeps it from being recorded, with the way out of this log and not of the other one.
  static func record(_ event: AuditEvent, in trail: AuditTrail) throws {
    do { try trail.record([event], at: event.at) } catch {
      let cause = ApplianceError.of(error)
      throw ApplianceError(
        cause.code, "the log of skills: \(cause.message)",
        hint: cause.code == .auditBroken
          ? "kafclaw audit verify; then kafclaw audit begin-anew --log skills --reason TEXT"
          : cause.hint)
    }
  }

  public static func skillFiles(_ paths: AppliancePaths) -> AuditFiles {
    AuditFiles(
      folder: paths.skillsAudit, origin: paths.skillsAuditOrigin, anchor: paths.skillsAuditAnchor)
  }

  /// What the timeline of an appliance that does not run remembers of seals; nothing where there is
  /// no timeline yet.
  ///
  /// - Throws: `timeline.failed`.
  public func storedAnchors() throws -> [AuditAnchor] {
    try TimelineInspection.anchors(path: timeline) ?? []
  }

  /// Seals the log and remembers its last seal, also one by another process, in the timeline.
  func seal(into store: TimelineStore, onlyIfDue: Bool = false) async throws {
    if let anchor = try trail.seal(at: Date(), onlyIfDue: onlyIfDue) {
      try await store.remember(anchor)
    }
    // `try?`: a log that is broken stops skills, and nothing else; `audit verify` tells.
    if (try? skillTrail.files.isBegun) == true {
      _ = try? skillTrail.seal(at: Date(), onlyIfDue: onlyIfDue)  // `try?`: as above
    }
  }

  /// Who types the command.
  public static var operatorName: String { "operator:\(getuid())" }

  /// Records what an operator is about to do, does it, and records how it ended. When the first
  /// cannot be recorded nothing is done.
  public func privileged<Value>(
    _ kind: AuditEvent.Kind, on subject: String, details: [String: String] = [:],
    _ body: () throws -> Value
  ) throws -> Value {
    try note(kind, subject, .intent, details)
    let value: Value
    do { value = try body() } catch {
      noteFailed(kind, subject, details, error)
      throw error
    }
    try noteDone(kind, subject, details)
    return value
  }

  /// As ``privileged(_:on:details:_:)``, of what takes long; what came of it is recorded with its end.
  public func privileged<Value>(
    _ kind: AuditEvent.Kind, on subject: String, details: [String: String],
    _ body: () async throws -> (value: Value, outcome: [String: String])
  ) async throws -> Value {
    try note(kind, subject, .intent, details)
    let ended: (value: Value, outcome: [String: String])
    do { ended = try await body() } catch {
      noteFailed(kind, subject, details, error)
      throw error
    }
    try noteDone(kind, subject, details.merging(ended.outcome) { _, new in new })
    return ended.value
  }

  private func noteFailed(
    _ kind: AuditEvent.Kind, _ subject: String, _ details: [String: String], _ error: any Error
  ) {
    var details = details
    details["error"] = ApplianceError.of(error).code.rawValue
    // `try?`: why it failed is worth more than that this could not be recorded.
    try? note(kind, subject, .failed, details)
  }

  private func noteDone(
    _ kind: AuditEvent.Kind, _ subject: String, _ details: [String: String]
  ) throws {
    do { try note(kind, subject, .done, details) } catch {
      throw ApplianceError.unrecorded("\(subject) was changed", error)
    }
  }

  public func note(
    _ kind: AuditEvent.Kind, _ subject: String, _ outcome: AuditEvent.Outcome,
    _ details: [String: String] = [:]
  ) throws {
    let now = Date()
    let event = AuditEvent(
      kind, by: Self.operatorName, on: subject, outcome, at: now, details: details)
    try trail.record([event], at: now)
  }

  /// The entry of the tomb with the key that signs checkpoints.
  private static let keyEntry = "kafclaw/audit-checkpoint"

  /// The key that signs checkpoints; made with the first one.
  public func checkpointKey(_ tomb: TombStore) throws -> SigningKey {
    do {
      return try key(tomb)
    } catch let error as ApplianceError where error.code == .tombNoEntry {
      let made = try SigningKey.random()
      let seed = made.seed.withBytes { SecretValue(copying: $0) }
      try privileged(.tombChange, on: "tomb:\(Self.keyEntry)") {
        try tomb.set(
          Self.keyEntry, seed,
          EntryDetails(purpose: "signs audit checkpoints", consumers: ["supervisor"]),
          at: Date())
      }
      return try key(tomb)
    }
  }

  private func key(_ tomb: TombStore) throws -> SigningKey {
    let seed = try tomb.value(Self.keyEntry, for: "supervisor")
    return try seed.withBytes { try SigningKey(seed: SecretKey(copying: $0)) }
  }
}

extension ApplianceError {
  /// Something took effect, and its record could not be written.
  static func unrecorded(_ deed: String, _ error: any Error) -> ApplianceError {
    let cause = of(error)
    return ApplianceError(
      cause.code, "\(deed), and that is not recorded: \(cause.message)", hint: cause.hint)
  }
}
