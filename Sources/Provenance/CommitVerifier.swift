// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Judges commits by their raw bytes and by this host's signers.
///
/// A verdict is never more lenient than that of `git verify-commit` with the same signers.
public struct CommitVerifier: Sendable {
  /// What commit signatures are made for, in git's own word.
  public static let namespace = "git"

  private let policy: SignerPolicy

  public init(signers: [Signer]) {
    policy = SignerPolicy(signers: signers)
  }

  public func verdict(on evidence: CommitEvidence) -> CommitVerdict {
    let commit: RawCommit
    do {
      commit = try RawCommit(parsing: evidence.bytes)
    } catch {
      return .rejected(reason: .malformed, message: Self.words(error))
    }
    let id = ObjectID.commit(evidence.bytes)
    guard evidence.id.utf8.elementsEqual(id.utf8) else {
      return .rejected(
        reason: .malformed,
        message: "these are the bytes of commit \(id), not of \(Excerpt.of(evidence.id.utf8))")
    }
    guard let armored = commit.signature else {
      return .rejected(
        reason: .unsigned, message: "the commit is not signed; \(KeyHint.signWithSSH)")
    }
    do {
      return judge(commit, try SSHSignature(armored: armored), evidence)
    } catch let error as ApplianceError where error.code == .provenanceKeyType {
      return .rejected(reason: .keyType, message: Self.words(error))
    } catch {
      return .rejected(reason: .signatureInvalid, message: Self.words(error))
    }
  }

  private func judge(
    _ commit: RawCommit, _ signature: SSHSignature, _ evidence: CommitEvidence
  ) -> CommitVerdict {
    guard signature.namespace == Self.namespace else {
      return .rejected(
        reason: .signatureInvalid,
        message: "the signature is for \"\(signature.namespace)\", not for \"\(Self.namespace)\"")
    }
    guard signature.verifies(commit.payload, namespace: Self.namespace) else {
      return .rejected(
        reason: .signatureInvalid, message: "the signature is not one of this commit")
    }
    let request = SignerPolicy.Request(
      key: signature.publicKey, role: .commit, receivedAt: evidence.receivedAt,
      claimedAt: commit.committedAt, paths: evidence.changedPaths)
    do {
      let signer = try policy.signer(for: request)
      return .verified(signer: signer.name, fingerprint: signer.key.fingerprint)
    } catch {
      return .rejected(reason: error.reason, message: error.message)
    }
  }

  private static func words(_ error: any Error) -> String {
    guard let error = error as? ApplianceError else { return "\(error)" }
    return error.hint.map { "\(error.message); \($0)" } ?? error.message
  }
}
