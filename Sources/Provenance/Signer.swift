// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// Somebody whose signatures count on this host, with what they may do and when.
///
/// One key may stand in several entries; a signature counts when one entry alone allows it. A key
/// that is revoked in one entry is revoked in all.
public struct Signer: Sendable, Hashable {
  public enum Role: String, Sendable, Codable, CaseIterable {
    /// Sign commits of the desired state.
    case commit
    /// Approve plans.
    case approve
    /// Sign statements that allow one rewind of the branch.
    case emergency
  }

  public let name: String
  public let key: SSHPublicKey
  public let roles: Set<Role>
  /// Files (`kafclaw.yaml`) and folders (`kafclaw.d/`) that may be changed; empty for all.
  public let paths: [String]
  /// What was received earlier does not count. `nil` for no such limit.
  public let validFrom: Date?
  /// What was received later does not count. `nil` for no such limit.
  public let validUntil: Date?
  /// Since when the key is not to be trusted. Whatever it signed no longer counts, whenever it was
  /// received: a thief chooses the dates.
  public let revoked: Date?

  public init(
    name: String, key: SSHPublicKey, roles: Set<Role>, paths: [String] = [],
    validFrom: Date? = nil, validUntil: Date? = nil, revoked: Date? = nil
  ) {
    (self.name, self.key, self.roles, self.paths) = (name, key, roles, paths)
    (self.validFrom, self.validUntil, self.revoked) = (validFrom, validUntil, revoked)
  }
}

/// Roles are written in the order of their declaration, so that equal signers have equal bytes.
extension Signer: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, key, roles, paths, validFrom, validUntil, revoked
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    key = try container.decode(SSHPublicKey.self, forKey: .key)
    roles = Set(try container.decode([Role].self, forKey: .roles))
    paths = try container.decode([String].self, forKey: .paths)
    validFrom = try container.decodeIfPresent(Date.self, forKey: .validFrom)
    validUntil = try container.decodeIfPresent(Date.self, forKey: .validUntil)
    revoked = try container.decodeIfPresent(Date.self, forKey: .revoked)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(key, forKey: .key)
    try container.encode(Role.allCases.filter(roles.contains), forKey: .roles)
    try container.encode(paths, forKey: .paths)
    try container.encodeIfPresent(validFrom, forKey: .validFrom)
    try container.encodeIfPresent(validUntil, forKey: .validUntil)
    try container.encodeIfPresent(revoked, forKey: .revoked)
  }
}
