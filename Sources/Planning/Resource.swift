// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// The kinds of things an appliance consists of. The raw value is the first part of an address and
/// the key of a drift policy.
public enum ResourceKind: String, Sendable, Codable, Hashable, CaseIterable {
  /// Permissions of a file or folder of the appliance.
  case modes
  /// Whether a secret that is referred to can be resolved. Never its value.
  case secret
  /// A file of the agent's workspace.
  case workspace
  /// Who may write on a channel, and the sender tiers.
  case senders
  /// Which tools may be used, by whom, and what needs an approval.
  case tools
  /// A skill that turns may use.
  case skill
  /// The rendered `config.json`.
  case configuration
  /// A managed process with the settings it runs.
  case component

  /// The order in which kinds are applied; pruning goes the other way.
  public var wave: Int {
    switch self {
    case .modes, .secret: 0
    case .workspace, .senders, .tools, .skill: 1
    case .configuration: 2
    case .component: 3
    }
  }

  /// Whether nobody else may own such a resource, so that one found there is taken over.
  public var isExclusive: Bool { self != .workspace }
}

/// The owned fields of a resource. Fields that are not listed belong to somebody else.
public typealias ResourceFields = [String: JSONValue]

/// A resource as the desired state wants it.
public struct Resource: Sendable, Equatable {
  public let address: ResourceAddress
  public let fields: ResourceFields

  public init(_ kind: ResourceKind, _ name: String, _ fields: ResourceFields) {
    address = ResourceAddress(kind, name)
    self.fields = fields
  }
}

/// A resource as it was found.
public enum Observation: Sendable, Equatable {
  /// Proven to be absent.
  case absent
  case present(ResourceFields)
  /// The read failed: neither present nor absent, so nothing may be written or removed.
  case unknown(String)
}

/// What a change does to those who use the appliance while it is applied.
public enum Impact: String, Sendable, Codable, CaseIterable, Comparable {
  case none
  /// Takes effect in the running process.
  case live
  /// A process restarts.
  case restart
  /// A resource is removed and made anew.
  case replace
  /// Data is removed.
  case data

  public static func < (one: Impact, other: Impact) -> Bool { one.rank < other.rank }

  private var rank: Int {
    switch self {
    case .none: 0
    case .live: 1
    case .restart: 2
    case .replace: 3
    case .data: 4
    }
  }
}
