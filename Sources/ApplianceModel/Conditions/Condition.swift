// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// One observed property of the appliance, in the manner of Kubernetes conditions.
///
/// `ready` is always present; every other condition is abnormal-true and present only while it holds.
public struct Condition: Sendable, Codable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case ready = "Ready"
    case reconciling = "Reconciling"
    case stalled = "Stalled"
    case held = "Held"
    case suspended = "Suspended"
    case pinned = "Pinned"
    case quarantined = "Quarantined"
    case rolledBack = "RolledBack"
    case drifted = "Drifted"
    case degraded = "Degraded"
    case stale = "Stale"
    case sourceUnverified = "SourceUnverified"
    case contained = "Contained"
  }

  /// Why a condition holds: a closed set, so that alerts can match it.
  public enum Reason: String, Sendable, Codable, CaseIterable {
    case converged = "Converged"
    case progressing = "Progressing"
    case notYetReconciled = "NotYetReconciled"
    case invalidDesiredState = "InvalidDesiredState"
    case guardrailDenied = "GuardrailDenied"
    case changesHeld = "ChangesHeld"
    case changeQuarantined = "ChangeQuarantined"
    case suspendedByOperator = "SuspendedByOperator"
    case repeatedReturns = "RepeatedReturns"
    case safeHold = "SafeHold"
    case pinnedByOperator = "PinnedByOperator"
    case returnedToLastGood = "ReturnedToLastGood"
    case waitingForHealth = "WaitingForHealth"
    case sourceTooOld = "SourceTooOld"
    case signatureNoLongerValid = "SignatureNoLongerValid"
    case appliedUnverified = "AppliedUnverified"
    case healthCheckFailed = "HealthCheckFailed"
    case applyFailed = "ApplyFailed"
    case sourceUnavailable = "SourceUnavailable"
    case sourceRejected = "SourceRejected"
    case verificationDisabled = "VerificationDisabled"
    case driftReported = "DriftReported"
    case observationFailed = "ObservationFailed"
    case componentUnhealthy = "ComponentUnhealthy"
    case containedByOperator = "ContainedByOperator"
    /// The timeline cannot be written, or soon cannot.
    case storageFailed = "StorageFailed"
  }

  public let type: Kind
  public let status: Bool
  public let reason: Reason
  /// At most 512 bytes; never a secret value.
  public let message: String
  public let lastTransition: Date

  public init(
    _ type: Kind, status: Bool, reason: Reason, message: String, lastTransition: Date
  ) {
    self.type = type
    self.status = status
    self.reason = reason
    self.message = String(decoding: message.utf8.prefix(500), as: UTF8.self)
    self.lastTransition = lastTransition
  }
}
