// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import Testing

@testable import Provenance

/// Signatures of SSH: real ones verify, and each has one form only.
struct SSHSignatureTests {
  private let keyring: Keyring
  private let message = Array("what is signed\n".utf8)
  private let armored: [UInt8]

  init() throws {
    keyring = try Keyring()
    armored = try keyring.sign(message)
  }

  /// The fields of a signature, to write it differently.
  private struct Parts {
    var magic = Array("SSHSIG".utf8)
    var version: UInt32 = 1
    var key: [UInt8]
    var namespace = Array("git".utf8)
    var reserved: [UInt8] = []
    var hash = Array("sha512".utf8)
    var algorithm = Array("ssh-ed25519".utf8)
    var signature: [UInt8]
    var innerTail: [UInt8] = []
    var tail: [UInt8] = []

    var blob: [UInt8] {
      let inner = WireForm.string(algorithm) + WireForm.string(signature) + innerTail
      return magic + WireForm.number(version) + WireForm.string(key) + WireForm.string(namespace)
        + WireForm.string(reserved) + WireForm.string(hash) + WireForm.string(inner) + tail
    }

    var armored: [UInt8] { SignatureArmor.encode(blob) + [0x0A] }
  }

  private func parts() throws -> Parts {
    let read = try SSHSignature(armored: armored)
    return Parts(key: read.publicKey.blob, signature: read.signature)
  }

  private func code(_ armored: [UInt8]) -> ApplianceError.Code? {
    let error = #expect(throws: ApplianceError.self, "\(armored.text)") {
      _ = try SSHSignature(armored: armored)
    }
    return error?.code
  }

  @Test func realSignaturesVerify() throws {
    for hash in ["sha512", "sha256"] {
      for message in [[], message, [UInt8](repeating: 7, count: 100_000)] {
        let armored = try keyring.sign([message], hash: hash)[0]
        let signature = try SSHSignature(armored: armored)
        #expect(signature.hashAlgorithm.rawValue == hash)
        #expect(signature.namespace == "git")
        #expect(signature.publicKey == (try keyring.key("alice")))
        #expect(signature.verifies(message, namespace: "git"))
        #expect(!signature.verifies(message + [0], namespace: "git"))
        #expect(!signature.verifies(message, namespace: "file"))
        #expect(!signature.verifies(message, namespace: ""))
      }
    }
  }

  @Test func whatWeWriteIsWhatWasRead() throws {
    #expect(try parts().armored == armored)
    let path = try keyring.write("again.sig", try parts().armored)
    try keyring.keygen(["-Y", "check-novalidate", "-n", "git", "-s", path], input: message)
    #expect(try SSHSignature(armored: armored.dropLast()) == SSHSignature(armored: armored))
  }

  @Test func signedForAnotherPurpose() throws {
    let other = try SSHSignature(armored: try keyring.sign(message, for: "file"))
    #expect(other.verifies(message, namespace: "file"))
    #expect(!other.verifies(message, namespace: "git"))
    // The namespace is signed: another label on the same signature does not help.
    var parts = try parts()
    parts.namespace = Array("file".utf8)
    let relabelled = try SSHSignature(armored: parts.armored)
    #expect(!relabelled.verifies(message, namespace: "file"))
    #expect(!relabelled.verifies(message, namespace: "git"))
  }

  @Test func everyBitOfTheMessageCounts() throws {
    let signature = try SSHSignature(armored: armored)
    for index in message.indices {
      for bit in 0..<8 {
        var other = message
        other[index] ^= 1 << bit
        #expect(!signature.verifies(other, namespace: "git"))
      }
    }
  }

  @Test func fieldsHaveOneForm() throws {
    let edits: [(String, (inout Parts) -> Void)] = [
      ("magic", { $0.magic = Array("SSHSIH".utf8) }), ("no magic", { $0.magic = [] }),
      ("version 0", { $0.version = 0 }), ("version 2", { $0.version = 2 }),
      ("empty namespace", { $0.namespace = [] }), ("NUL", { $0.namespace += [0] }),
      ("blank", { $0.namespace += [0x20] }), ("reserved", { $0.reserved = [0] }),
      ("sha1", { $0.hash = Array("sha1".utf8) }), ("SHA512", { $0.hash = Array("SHA512".utf8) }),
      ("hash list", { $0.hash = Array("sha256,sha512".utf8) }), ("no hash", { $0.hash = [] }),
      ("short", { $0.signature.removeLast() }), ("long", { $0.signature += [0] }),
      ("empty", { $0.signature = [] }), ("behind the inner one", { $0.innerTail = [0] }),
      ("behind all", { $0.tail = [0] }), ("behind the key", { $0.key += [0] }),
      ("short key", { $0.key.removeLast() }), ("no key", { $0.key = [] }),
      ("zero key", { $0.key = $0.key.dropLast(32) + [UInt8](repeating: 0, count: 32) }),
    ]
    for (name, edit) in edits {
      var changed = try parts()
      edit(&changed)
      #expect(code(changed.armored) == .provenanceMalformed, "\(name)")
    }
  }

  @Test func otherKindsOfKeysAreNamed() throws {
    for kind in [Keyring.Kind.rsa, .ecdsa] {
      try keyring.make(kind.rawValue, kind)
      let armored = try keyring.sign(message, by: kind.rawValue)
      let error = #expect(throws: ApplianceError.self) { _ = try SSHSignature(armored: armored) }
      #expect(error?.code == .provenanceKeyType)
      #expect(error?.message.contains(kind == .rsa ? "ssh-rsa" : "ecdsa-sha2") == true)
      #expect(error?.hint?.contains("ed25519") == true)
    }
    var parts = try parts()
    parts.algorithm = Array("rsa-sha2-512".utf8)
    #expect(code(parts.armored) == .provenanceKeyType)
  }

  @Test func armorHasOneForm() throws {
    let base = armored.text
    let lines = base.split(separator: "\n").map(String.init)
    let content = lines.dropFirst().dropLast().joined()
    let wrapped = { (width: Int) in
      let rows = stride(from: 0, to: content.count, by: width).map {
        content.dropFirst($0).prefix(width)
      }
      return "\(lines[0])\n\(rows.joined(separator: "\n"))\n\(lines[lines.count - 1])\n"
    }
    #expect(wrapped(70) == base)
    let texts = [
      "", "\n", base + base, base + "\n", base + " ", "\n" + base, " " + base,
      base.replacing("\n", with: "\r\n"), base.replacing("\n", with: "\n\n"),
      base.replacing("\n-----END", with: "\r\n-----END"), wrapped(69), wrapped(64), wrapped(76),
      wrapped(4), wrapped(10_000), base + "x", base + "\0", base.replacing("=\n", with: "\n"),
      base.replacing("SSH SIGNATURE", with: "SSH2 SIGNATURE"), lines[0], lines[0] + "\n",
      "\(lines[0])\n\(lines[lines.count - 1])\n", "\(lines[0])\n\n\(lines[lines.count - 1])\n",
      base.replacing("-----END", with: "comment\n-----END"),
      base.replacing("----\nU", with: "----\n U"),
      lines[0] + "\nHash: x\n\n" + lines.dropFirst().joined(separator: "\n"),
      String(repeating: base, count: 100),
    ]
    for text in texts { #expect(code(Array(text.utf8)) == .provenanceMalformed, "\(text)") }
  }

  @Test func otherKindsOfArmorAreNamed() {
    for kind in ["PGP SIGNATURE", "PGP MESSAGE", "SIGNED MESSAGE"] {
      let text = "-----BEGIN \(kind)-----\n\niQ==\n-----END \(kind)-----\n"
      #expect(code(Array(text.utf8)) == .provenanceKeyType)
    }
  }

  @Test func everyPrefixIsRefused() throws {
    for count in 0..<armored.count - 1 {
      #expect(code(Array(armored.prefix(count))) == .provenanceMalformed)
    }
    let blob = try parts().blob
    for count in 0..<blob.count {
      #expect(code(SignatureArmor.encode(Array(blob.prefix(count)))) == .provenanceMalformed)
    }
  }

  /// The same signature with the group's order added to its scalar verifies in lax libraries.
  @Test func scalarIsReduced() throws {
    let order: [UInt8] = [
      0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
      0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ]
    var parts = try parts()
    var carry: UInt16 = 0
    for index in 0..<32 {
      let sum = UInt16(parts.signature[32 + index]) + UInt16(order[index]) + carry
      parts.signature[32 + index] = UInt8(truncatingIfNeeded: sum)
      carry = sum >> 8
    }
    #expect(!(try SSHSignature(armored: parts.armored).verifies(message, namespace: "git")))
  }

  /// RFC 8032 §7.1, test 2, and its lengths.
  @Test func publishedVector() {
    let hex = { (text: String) in
      stride(from: 0, to: text.count, by: 2).compactMap {
        UInt8(text.dropFirst($0).prefix(2), radix: 16)
      }
    }
    let key = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    let signature = hex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    #expect(Ed25519.verifies(signature: signature, of: [0x72], key: key))
    #expect(!Ed25519.verifies(signature: signature, of: [0x73], key: key))
    #expect(!Ed25519.verifies(signature: signature.dropLast(), of: [0x72], key: key))
    #expect(!Ed25519.verifies(signature: signature + [0], of: [0x72], key: key))
    #expect(!Ed25519.verifies(signature: [], of: [], key: []))
    #expect(!Ed25519.verifies(signature: signature, of: [0x72], key: key.dropLast()))
    #expect(
      SHA512.digest(Array("abc".utf8)).prefix(8)
        == [0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba])
    #expect(SHA512.digest([]).count == 64)
    #expect(SHA256.raw(Array("abc".utf8)).prefix(4) == [0xba, 0x78, 0x16, 0xbf])
  }
}
