// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Provenance

/// Verdicts on signed commits: keys, roles, paths and times.
struct CommitVerifierTests {
  private let keyring: Keyring
  private let repository: GitRepository
  private let commit: [UInt8]

  init() throws {
    keyring = try Keyring()
    repository = try GitRepository(keyring)
    commit = try repository.commit()
  }

  private func verifier(_ signers: Signer...) -> CommitVerifier { CommitVerifier(signers: signers) }

  @Test func aSignersCommitIsVerified() throws {
    let alice = try keyring.signer("alice")
    let verdict = verifier(try keyring.signer("bob"), alice).verdict(on: commit)
    #expect(verdict == .verified(signer: "alice", fingerprint: alice.key.fingerprint))
    #expect(verdict.isVerified)
    #expect(verifier(alice).verdict(on: commit, paths: []).isVerified)
  }

  @Test func unsignedAndUnknown() throws {
    let alice = verifier(try keyring.signer("alice"))
    #expect(alice.verdict(on: commit.unsigned).reason == .unsigned)
    #expect(alice.verdict(on: commit.unsigned).message.contains("gpg.format ssh"))
    let stranger = try repository.commit(by: "mallory")
    #expect(alice.verdict(on: stranger).reason == .unknownKey)
    #expect(
      alice.verdict(on: stranger).message.contains(try keyring.key("mallory").fingerprint))
    #expect(verifier().verdict(on: commit).reason == .unknownKey)
  }

  /// The signature fits, the key is a signer's, but not the one who signed.
  @Test func anotherSignersKeyInTheSignature() throws {
    let alice = try SSHSignature(armored: commit.armor)
    let blob = try SignatureArmor.decode(commit.armor)
    let bob = try keyring.key("bob")
    guard
      let range = (0..<blob.count - 32).first(where: {
        blob[$0...].starts(with: alice.publicKey.bytes)
      })
    else { throw SetupFailure(what: "find the key") }
    let forged = blob[..<range] + bob.bytes + blob[(range + 32)...]
    let object = commit.unsigned.signed(SignatureArmor.encode(Array(forged)))
    let both = verifier(try keyring.signer("alice"), try keyring.signer("bob"))
    #expect(both.verdict(on: object).reason == .signatureInvalid)
  }

  @Test func theIdIsThatOfTheBytes() throws {
    let verifier = verifier(try keyring.signer("alice"))
    for id in ["", "x\u{1b}", String(repeating: "0", count: 40), ObjectID.commit(commit) + "0"] {
      let evidence = CommitEvidence(
        id: id, bytes: commit, changedPaths: [], receivedAt: .received)
      #expect(verifier.verdict(on: evidence).reason == .malformed)
      #expect(!verifier.verdict(on: evidence).message.contains("\u{1b}"))
    }
  }

  @Test func rolesAreAsked() throws {
    for role in Signer.Role.allCases {
      let verdict = verifier(try keyring.signer("alice", [role])).verdict(on: commit)
      #expect(verdict.reason == (role == .commit ? nil : .roleMissing))
    }
    #expect(verifier(try keyring.signer("alice", [])).verdict(on: commit).reason == .roleMissing)
  }

  @Test func pathsAreAsked() throws {
    let limited = verifier(try keyring.signer("alice", paths: ["kafclaw.d/"]))
    #expect(limited.verdict(on: commit, paths: ["kafclaw.d/a.yaml"]).isVerified)
    let verdict = limited.verdict(on: commit, paths: ["kafclaw.d/a.yaml", "kafclaw.yaml"])
    #expect(verdict.reason == .outOfScope)
    #expect(verdict.message.contains("kafclaw.yaml"))
    #expect(limited.verdict(on: commit, paths: ["kafclaw.d/../kafclaw.yaml"]).reason == .outOfScope)
  }

  @Test func theTimeOfReceiptCounts() throws {
    let window = verifier(
      try keyring.signer("alice", validFrom: .days(-1), validUntil: .days(1)))
    #expect(window.verdict(on: commit).isVerified)
    #expect(window.verdict(on: commit, receivedAt: .days(-1)).isVerified)
    #expect(window.verdict(on: commit, receivedAt: .days(1)).isVerified)
    #expect(window.verdict(on: commit, receivedAt: .days(-1.001)).reason == .notYetValid)
    #expect(window.verdict(on: commit, receivedAt: .days(1.001)).reason == .expired)
    let never = Date(timeIntervalSince1970: .nan)
    #expect(!window.verdict(on: commit, receivedAt: never).isVerified)
  }

  /// An expired key that dates its commit back convinces git, not this host.
  @Test func backdatedCommitsAreRejected() throws {
    let backdated = try repository.commit(
      author: "1690000000 +0000", committer: "1690000000 +0000")
    let end = Date(timeIntervalSince1970: 1_700_000_000)
    let line = "alice@example.org valid-before=\"20231114221320\" \(try keyring.line("alice"))"
    let strict = try GitRepository(keyring, allowed: [line])
    #expect(try strict.judge([commit, backdated]).map(\.isAccepted) == [false, true])
    let verifier = verifier(try keyring.signer("alice", validUntil: end))
    #expect(verifier.verdict(on: commit).reason == .expired)
    #expect(verifier.verdict(on: backdated).reason == .expired)
    #expect(verifier.verdict(on: backdated, receivedAt: .days(-1, after: end)).isVerified)
  }

  /// Git judges by the committer's date alone; never more lenient means to ask it as well.
  @Test func theCommittersDateOnlyNarrows() throws {
    let dates = ["1690000000 +0000", "1710000000 +0000", "1730000000 +0000"]
    let commits = try dates.map { try repository.commit(author: $0, committer: $0) }
    let line =
      "alice@example.org valid-after=\"20231114221320\",valid-before=\"20240709173320\" "
      + (try keyring.line("alice"))
    let git = try GitRepository(keyring, allowed: [line]).judge(commits).map(\.isAccepted)
    #expect(git == [false, true, false])
    let verifier = verifier(
      try keyring.signer(
        "alice", validFrom: Date(timeIntervalSince1970: 1_700_000_000),
        validUntil: Date(timeIntervalSince1970: 1_720_546_400)))
    let inside = Date(timeIntervalSince1970: 1_710_000_000)
    let verdicts = commits.map { verifier.verdict(on: $0, receivedAt: inside) }
    #expect(verdicts.map(\.reason) == [.notYetValid, nil, .expired])
  }

  @Test func revokedKeysSignedNothing() throws {
    for revoked in [Date.days(-1), .days(1), .distantFuture] {
      let verifier = verifier(try keyring.signer("alice", revoked: revoked))
      #expect(verifier.verdict(on: commit).reason == .revoked)
      #expect(verifier.verdict(on: commit, receivedAt: .days(-10)).reason == .revoked)
    }
    let twice = verifier(
      try keyring.signer("alice"), try keyring.signer("alice", revoked: .days(-1)))
    #expect(twice.verdict(on: commit).reason == .revoked)
  }

  @Test func oneEntryOfAKeyIsEnough() throws {
    let entries = verifier(
      try keyring.signer("alice", [.approve]),
      try keyring.signer("alice", validUntil: .days(-1)),
      try keyring.signer("alice", paths: ["a/"]), try keyring.signer("alice", paths: ["b/"]))
    #expect(entries.verdict(on: commit, paths: ["b/x"]).isVerified)
    #expect(entries.verdict(on: commit, paths: ["a/x"]).isVerified)
    #expect(entries.verdict(on: commit, paths: ["a/x", "b/x"]).reason == .outOfScope)
    #expect(entries.verdict(on: commit, paths: ["c"]).reason == .outOfScope)
    let few = verifier(
      try keyring.signer("alice", [.approve]), try keyring.signer("alice", validUntil: .days(-1)))
    #expect(few.verdict(on: commit).reason == .expired)
  }

  @Test func bothHashesAreRead() throws {
    for hash in ["sha256", "sha512"] {
      let armor = try keyring.sign([commit.unsigned], hash: hash)[0]
      let verifier = verifier(try keyring.signer("alice"))
      #expect(verifier.verdict(on: commit.unsigned.signed(armor)).isVerified)
    }
  }

  @Test func signaturesForOtherPurposes() throws {
    for namespace in ["file", "plan@kafclaw", "emergency@kafclaw", "gi"] {
      let armor = try keyring.sign(commit.unsigned, for: namespace)
      let verdict = verifier(try keyring.signer("alice"))
        .verdict(on: commit.unsigned.signed(armor))
      #expect(verdict.reason == .signatureInvalid)
      #expect(verdict.message.contains("\"\(namespace)\""))
    }
  }

  @Test func theSignatureOfAnotherCommit() throws {
    let other = try repository.commit("another\n")
    let verifier = verifier(try keyring.signer("alice"))
    #expect(verifier.verdict(on: other).isVerified)
    #expect(verifier.verdict(on: commit.unsigned.signed(other.armor)).reason == .signatureInvalid)
    #expect(verifier.verdict(on: other.unsigned.signed(commit.armor)).reason == .signatureInvalid)
  }

  @Test func otherKindsOfSignatures() throws {
    let verifier = verifier(try keyring.signer("alice"))
    var armors = ["PGP SIGNATURE", "PGP MESSAGE", "SIGNED MESSAGE"].map {
      Array("-----BEGIN \($0)-----\n\niQEzBAABCAAd\n=abcd\n-----END \($0)-----\n".utf8)
    }
    for kind in [Keyring.Kind.rsa, .ecdsa] {
      try keyring.make(kind.rawValue, kind)
      armors.append(try keyring.sign(commit.unsigned, by: kind.rawValue))
    }
    for armor in armors {
      let verdict = verifier.verdict(on: commit.unsigned.signed(armor))
      #expect(verdict.reason == .keyType, "\(armor.text)")
      #expect(
        verdict.message.contains("git config gpg.format ssh") || verdict.message.contains("ed25519")
      )
    }
  }

  @Test func damagedArmor() throws {
    let verifier = verifier(try keyring.signer("alice"))
    let (payload, armor) = (commit.unsigned, commit.armor)
    let armors = [
      Array(armor.dropLast(40)), armor + armor, armor + [0x0A],
      Array(armor.text.replacing("=\n", with: "\n").utf8), [],
    ]
    for damaged in armors {
      #expect(verifier.verdict(on: payload.signed(damaged)).reason == .signatureInvalid)
    }
    let windows = Array(armor.text.replacing("\n", with: "\r\n").utf8)
    #expect(verifier.verdict(on: payload.signed(windows)).reason == .malformed)
  }
}
