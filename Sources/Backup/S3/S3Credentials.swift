// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// What a store lets in: an access key, and the token of temporary ones.
public struct S3Credentials: Sendable {
  /// Names the key. Not secret, but shown to nobody either.
  let accessKeyID: String
  let secretKey: SecretValue
  /// Of credentials that end by themselves (AWS STS).
  let sessionToken: SecretValue?

  /// - Throws: `model.malformed` for what cannot stand in a header; the values are not quoted.
  public init(
    accessKeyID: String, secretKey: SecretValue, sessionToken: SecretValue? = nil
  ) throws {
    let isPlain = accessKeyID.utf8.allSatisfy { Self.isVisible($0) && $0 != UInt8(ascii: "/") }
    guard (1...256).contains(accessKeyID.utf8.count), isPlain, !accessKeyID.contains(",") else {
      throw ApplianceError(
        .malformed, "the access key ID is empty, too long, or has a character that none has")
    }
    guard secretKey.count > 0 else {
      throw ApplianceError(.malformed, "the secret access key is empty")
    }
    let isTokenPlain = sessionToken?.withBytes { $0.allSatisfy(Self.isVisible) && !$0.isEmpty }
    guard isTokenPlain ?? true else {
      throw ApplianceError(
        .malformed, "the session token is empty, or has a character that none has")
    }
    (self.accessKeyID, self.secretKey) = (accessKeyID, secretKey)
    self.sessionToken = sessionToken
  }

  private static func isVisible(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }
}

extension S3Credentials: CustomStringConvertible, CustomReflectable {
  public var description: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
