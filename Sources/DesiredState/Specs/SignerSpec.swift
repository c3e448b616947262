// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Somebody whose signatures count on this host.
public struct SignerSpec: Sendable, Equatable {
  public var key = ""
  public var roles: [SignerRole] = [.commit]
  public var paths: [String] = []
  public var validFrom: SpecTimestamp?
  public var validUntil: SpecTimestamp?
  public var revoked: SpecTimestamp?

  public init() {}
}

extension SignerSpec: SpecSection, SpecNesting {
  package static var summary: String { "Somebody whose signatures count on this host." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "key", \.key, required: true,
      "Public key as in `id_ed25519.pub`. Ed25519 only."),
    SpecField("roles", \.roles, "What the signer may do."),
    SpecField(
      "paths", \.paths,
      "Files (`kafclaw.yaml`) and folders (`kafclaw.d/`) that the signer's commits may change, "
        + "relative to `source.path`. Defaults to all."),
    SpecField(
      "validFrom", \.validFrom,
      "Commits that this host received earlier do not count. The commit's own date must lie "
        + "within the times too, but never helps."),
    SpecField(
      "validUntil", \.validUntil, "Commits that this host received later do not count."),
    SpecField(
      "revoked", \.revoked,
      "Since when the key is not to be trusted. Whatever it signed, at whatever time, no longer "
        + "counts."),
  ]
}

/// What a signer may do.
public enum SignerRole: String, SpecEnum {
  /// Sign commits of the desired state.
  case commit
  /// Approve plans.
  case approve
  /// Sign statements that allow one rewind of the branch.
  case emergency
}
