// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Provenance

/// The JSON of what crosses processes or lies in files.
struct CodingTests {
  private let key: SSHPublicKey

  init() throws {
    key = try SSHPublicKey(
      blob: WireForm.string("ssh-ed25519".utf8) + WireForm.string(SSHPublicKeyTests.point))
  }

  @Test func signersHaveOneText() throws {
    let signer = Signer(
      name: "alice", key: key, roles: Set(Signer.Role.allCases.reversed()), paths: ["a/", "b"],
      validFrom: Date(timeIntervalSince1970: 0), revoked: Date(timeIntervalSince1970: 1))
    let bytes = try ApplianceJSON.encode(signer)
    #expect(
      bytes.text == """
        {"key":"\(key.text)","name":"alice","paths":["a/","b"],\
        "revoked":"1970-01-01T00:00:01Z","roles":["commit","approve","emergency"],\
        "validFrom":"1970-01-01T00:00:00Z"}
        """)
    #expect(try ApplianceJSON.decode(Signer.self, from: bytes) == signer)
    let unknown = bytes.replacing("\"approve\"", with: "\"root\"")
    #expect(throws: ApplianceError.self) { try ApplianceJSON.decode(Signer.self, from: unknown) }
  }

  @Test func evidenceIsBase64() throws {
    let evidence = CommitEvidence(
      id: .tree, bytes: [0, 0xFF, 0x0A], changedPaths: ["a"],
      receivedAt: Date(timeIntervalSince1970: 60))
    let bytes = try ApplianceJSON.encode(evidence)
    #expect(
      bytes.text == """
        {"bytes":"AP8K","changedPaths":["a"],"id":"\(String.tree)",\
        "receivedAt":"1970-01-01T00:01:00Z"}
        """)
    #expect(try ApplianceJSON.decode(CommitEvidence.self, from: bytes) == evidence)
  }

  @Test func verdictsComeBack() throws {
    let verdicts =
      [CommitVerdict.verified(signer: "alice", fingerprint: "SHA256:x")]
      + CommitVerdict.Reason.allCases.map { .rejected(reason: $0, message: "why") }
    let bytes = try ApplianceJSON.encode(verdicts)
    #expect(try ApplianceJSON.decode([CommitVerdict].self, from: bytes) == verdicts)
  }
}
