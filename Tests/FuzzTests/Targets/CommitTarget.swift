// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation

@testable import Provenance

/// Commits. Nobody has the private keys any more: whatever verifies and is none of the two genuine
/// commits is a forgery.
enum CommitTarget: FuzzTarget {
  static let name = "commit"
  static let seeds = [SignedSeeds.first, SignedSeeds.second, SignedSeeds.byAnother, unsigned]
  static let words = [
    "tree ", "parent ", "author ", "committer ", "encoding ", "gpgsig ", "gpgsig-sha256 ",
    "mergetag ", "\n\n", "\n ", "\r\n", "\0", " <", "> ", " +0000", " -0000", "9999999999",
    "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----",
    "-----BEGIN PGP SIGNATURE-----", "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  ]

  private static let unsigned = Array(
    """
    tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
    author \u{C4}nne <a@example.org> 0 -0330
    committer B <> 253402300799 +1400
    encoding ISO-8859-1

    message

    """.utf8)

  static func check(_ input: [UInt8]) -> String? {
    let evidence = CommitEvidence(
      id: ObjectID.commit(input), bytes: input, changedPaths: ["kafclaw.yaml"],
      receivedAt: Date(timeIntervalSince1970: 1_750_000_100))
    let verdict = CommitVerifier(signers: SignedSeeds.signers).verdict(on: evidence)
    let isGenuine = input == SignedSeeds.first || input == SignedSeeds.second
    guard verdict.isVerified == isGenuine else { return "the verdict is \(verdict)" }
    do {
      return consistency(of: try RawCommit(parsing: input), input, verdict)
    } catch let error as ApplianceError {
      return error.code == .provenanceMalformed && verdict.isMalformed
        ? nil : "refused with \(error), but judged \(verdict)"
    } catch {
      return "refused with \(error)"
    }
  }

  private static func consistency(
    of commit: RawCommit, _ input: [UInt8], _ verdict: CommitVerdict
  ) -> String? {
    first(
      verdict.isMalformed ? "read, but judged \(verdict)" : nil,
      text(of: commit, isSigned: true) == input ? nil : "its parts do not give the commit again",
      text(of: commit, isSigned: false) == commit.payload ? nil : "the payload is another commit",
      payload(of: commit))
  }

  /// What is signed is a commit of its own, with the same meaning.
  private static func payload(of commit: RawCommit) -> String? {
    do {
      let inner = try RawCommit(parsing: commit.payload)
      let isSame =
        inner.signature == nil && inner.payload == commit.payload && inner.tree == commit.tree
        && inner.parents == commit.parents && inner.author == commit.author
        && inner.committer == commit.committer && inner.encoding == commit.encoding
        && inner.message == commit.message && inner.committedAt == commit.committedAt
      return isSame ? nil : "the payload reads as another commit"
    } catch {
      return "the payload is refused: \(error)"
    }
  }

  /// The commit from its parts, written without the help of the reader.
  private static func text(of commit: RawCommit, isSigned: Bool) -> [UInt8] {
    let ids = ["tree \(commit.tree)\n"] + commit.parents.map { "parent \($0)\n" }
    var bytes = ids.flatMap { Array($0.utf8) }
    bytes += Array("author ".utf8) + commit.author + Array("\ncommitter ".utf8)
    bytes += commit.committer + [0x0A]
    if let encoding = commit.encoding { bytes += Array("encoding \(encoding)\n".utf8) }
    if isSigned, let signature = commit.signature {
      bytes += Array("gpgsig ".utf8)
      for (index, byte) in signature.enumerated() {
        bytes.append(byte)
        if byte == 0x0A, index < signature.count - 1 { bytes.append(0x20) }
      }
    }
    return bytes + [0x0A] + commit.message
  }
}

extension CommitVerdict {
  fileprivate var isMalformed: Bool {
    if case .rejected(.malformed, _) = self { return true }
    return false
  }
}
