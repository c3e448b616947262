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
  /// The rendered `config.json`.
  case configuration
  /// A managed process with the settings it runs.
  case component

  /// The order in which kinds are applied; pruning goes the other way.
  public var wave: Int {
    switch self {
    case .modes, .secret: 0
    case .workspace, .senders: 1
    case .configuration: 2
    case .component: 3
    }
  }

  /// Whether nobody else may own such a resource, so that one found there is taken over.
  public var isExclusive: Bool { self != .workspace }
}

/// Names a resource: `component/gateway`.
public struct ResourceAddress: Sendable, Codable, Hashable, Comparable {
  public let kind: ResourceKind
  public let name: String

  public init(_ kind: ResourceKind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2, let kind = ResourceKind(rawValue: parts[0]) else { return nil }
    let folders = parts[1].split(separator: "/", omittingEmptySubsequences: false)
    guard kind != .workspace || !folders.contains(where: { ["", ".", ".."].contains($0) }) else {
      return nil
    }
    self.init(kind, parts[1])
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let address = Self(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not a resource address")
    }
    self = address
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  public var text: String { "\(kind.rawValue)/\(name)" }

  public static func < (one: ResourceAddress, other: ResourceAddress) -> Bool {
    (one.kind.wave, one.text) < (other.kind.wave, other.text)
  }
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

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
