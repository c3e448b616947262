// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Provenance

/// No bytes end the process, whoever sends them.
struct HostileBytesTests {
  private func damage(_ bytes: [UInt8], with random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let index = Int.random(in: 0...bytes.count, using: &random)
      let end = min(bytes.count, index + Int.random(in: 0...12, using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.removeSubrange(index..<end)
      case 1: bytes.insert(contentsOf: bytes[index..<end], at: 0)
      case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
      case 3 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &random)
      default: bytes = Array(bytes.prefix(index))
      }
    }
    return bytes
  }

  /// What is accepted, is accepted as a whole: it is written again as it was.
  @Test func damagedInputIsReadOrRefused() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "hostile bytes"))
    let keyring = try Keyring()
    let commit = try GitRepository(keyring).commit()
    let blob = try SignatureArmor.decode(commit.armor)
    let statement = EmergencyStatement(
      repository: "r", branch: "b", from: .tree, to: String(repeating: "0", count: 40),
      notAfter: .received
    ).signedBytes
    let signers = [try keyring.signer("alice", [.commit, .emergency])]
    var read = 0
    for _ in 0..<4_000 {
      let object = damage(commit, with: &random)
      // `try?`: refusing is fine, ending the process is not.
      if (try? RawCommit(parsing: object)) != nil { read += 1 }
      if object != commit {
        #expect(!CommitVerifier(signers: signers).verdict(on: object).isVerified)
      }
      let damaged = damage(blob, with: &random)
      // `try?`: as above.
      if let signature = try? SSHSignature(armored: SignatureArmor.encode(damaged)) {
        #expect(damaged == blob || !signature.verifies(commit.unsigned, namespace: "git"))
      }
      let line = String(
        decoding: damage(Array(signers[0].key.text.utf8), with: &random), as: UTF8.self)
      // `try?`: as above.
      if let key = try? SSHPublicKey(authorizedKey: line) {
        #expect(try SSHPublicKey(authorizedKey: key.text) == key)
      }
      let text = damage(statement, with: &random)
      // `try?`: as above.
      if let read = try? EmergencyStatement(parsing: text) { #expect(read.signedBytes == text) }
    }
    print("hostile bytes: \(read) of 4000 damaged commits keep to the grammar")
  }
}
