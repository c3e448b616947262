// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// A key, signature, commit or statement is not in the one form that is read.
  public static let provenanceMalformed = Self("provenance.malformed")
  /// A key or signature of a kind that is not read: Ed25519 keys of SSH only.
  public static let provenanceKeyType = Self("provenance.key-type")
  /// A well-formed statement that does not count: wrong signature, signer, role or time.
  public static let provenanceRefused = Self("provenance.refused")
}

extension ApplianceError {
  static func malformed(_ what: String) -> ApplianceError {
    ApplianceError(.provenanceMalformed, what)
  }

  static func keyType(_ what: String) -> ApplianceError {
    ApplianceError(.provenanceKeyType, what, hint: KeyHint.makeKey)
  }
}

/// What to do about a key or signature of another kind.
enum KeyHint {
  static let makeKey = "make an ed25519 key: ssh-keygen -t ed25519"
  static let signWithSSH =
    "git config gpg.format ssh; git config user.signingKey ~/.ssh/id_ed25519.pub; "
    + "git commit --amend --no-edit -S"
}

/// Bytes of somebody else inside a message.
enum Excerpt {
  /// The first bytes as visible text; what was cut off shows as an ellipsis.
  static func of(_ bytes: some Collection<UInt8>, limit: Int = 40) -> String {
    let text = VisibleText.escape(String(decoding: bytes.prefix(limit), as: UTF8.self))
    return bytes.count > limit ? text + "…" : text
  }
}
