// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

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
    /// A token that is too easy to guess.
    case secretWeak = "secret-weak"
    case folderIsolation = "folder-isolation"
    /// A deletion of what the last applied state protected.
    case protected
    /// Too many deletions at once, or the last resources of a kind.
    case blastGuard = "blast-guard"
    /// A deletion, while the source was not fetched for too long.
    case stale
    /// The desired state was taken back before.
    case quarantined
    /// Somebody suspended the loop.
    case suspended
  }

  public let address: ResourceAddress
  public let kind: ResourceKind
  public let actions: [Action]
  public internal(set) var reason: Reason
  public let impact: Impact
  public let wave: Int
  public let reversible: Bool
  /// Whether the last applied state protects the resource from deletion.
  public internal(set) var protected: Bool
  /// Why nothing will be done although something differs; `nil` for changes that are carried out.
  public internal(set) var blocked: String?
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

  /// Whether the resource is to be removed, be it blocked or not.
  public var isDeletion: Bool { actions.contains(.delete) }

  /// Whether a deletion waits for a guard that lets it pass once it is acknowledged or the source is
  /// fetched again.
  var isHeldDeletion: Bool {
    isDeletion && blocked != nil && (reason == .blastGuard || reason == .stale)
  }

  mutating func block(_ reason: Reason, _ message: String) {
    self.reason = reason
    blocked = message
  }
}
