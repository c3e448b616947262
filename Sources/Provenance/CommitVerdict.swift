// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Whether a commit may be used.
public enum CommitVerdict: Sendable, Codable, Equatable {
  /// The commit is signed by the named signer, who may do what it does.
  case verified(signer: String, fingerprint: String)
  /// The message says what is wrong, for people; the reason says it for programs.
  case rejected(reason: Reason, message: String)

  /// Why a commit is rejected. A closed set: new reasons are a new version of the format.
  public enum Reason: String, Sendable, Codable, CaseIterable {
    /// The commit's bytes do not follow the grammar, or are not those of its id.
    case malformed
    case unsigned
    /// The signature is not in its one form, for another purpose, or not one of these bytes.
    case signatureInvalid
    /// A signature of OpenPGP, X.509, or of a key that is not Ed25519.
    case keyType
    /// The key is no signer's.
    case unknownKey
    case roleMissing
    /// A changed path is not among the signer's.
    case outOfScope
    case notYetValid
    case expired
    case revoked
  }

  public var isVerified: Bool {
    if case .verified = self { return true }
    return false
  }
}
