// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// One resource in a plan.
public struct Change: Sendable, Codable, Equatable {
  public enum Action: String, Sendable, Codable {
    case create
    case update
    case delete
    /// Only the record changes: the resource already is as desired.
    case adopt
    /// Only the record changes: the resource is gone already.
    case forget
    case noop = "no-op"
  }

  /// Why the action was chosen; closed and stable.
  public enum Reason: String, Sendable, Codable {
    case intentional
    case drift
    case deletedOutside = "deleted-outside"
    /// A component that starts with the appliance.
    case started
    case overridesExternal = "overrides-external"
    case alreadyDone = "already-done"
    case removed
    case converged
    case readFailed = "read-failed"
    case notOurs = "not-ours"
    case pendingMechanism = "pending-mechanism"
    case secretMissing = "secret-missing"
    case folderIsolation = "folder-isolation"
  }

  public struct Field: Sendable, Codable, Equatable {
    public enum Operation: String, Sendable, Codable {
      case add
      case change
      case remove
    }

    /// JSON Pointer (RFC 6901) inside the resource.
    public let path: String
    public let operation: Operation
    /// The live value; `nil` when absent, and always for sensitive fields.
    public let before: JSONValue?
    /// The desired value; `nil` when removed, and always for sensitive fields.
    public let after: JSONValue?
    public let sensitive: Bool
    /// The value that was applied last, where the live value differs from it.
    public let driftFrom: JSONValue?

    enum CodingKeys: String, CodingKey {
      case path, before, after, sensitive
      case operation = "op"
      case driftFrom = "drift_from"
    }
  }

  public let address: ResourceAddress
  public let kind: ResourceKind
  public let actions: [Action]
  public let reason: Reason
  public let impact: Impact
  public let wave: Int
  public let reversible: Bool
  public let protected: Bool
  /// Why nothing will be done although something differs; `nil` for changes that are carried out.
  public let blocked: String?
  public let fields: [Field]

  enum CodingKeys: String, CodingKey {
    case address, kind, actions, impact, wave, reversible, protected, blocked, fields
    case reason = "action_reason"
  }

  /// Whether applying the plan does something for this resource.
  public var isEffective: Bool { blocked == nil && actions != [.noop] }

  /// Whether a write happens outside the appliance's own record.
  public var writes: Bool {
    isEffective && actions != [.adopt] && actions != [.forget]
  }
}
