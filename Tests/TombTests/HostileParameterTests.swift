// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import Testing

@testable import Tomb

/// A passphrase slot that asks for a derivation nobody should make.
struct HostileParameterTests {
  /// Offset of the protection in a tomb.rr whose first slot is "this host".
  private static let protection = 8 + 16 + 8 + 1 + 1 + 8 + 8 + 1 + 9 + 32 + 2

  private static let hostile: [(operations: UInt64, memory: UInt64)] = [
    (3, 1 << 40), (3, .max), (3, 0), (3, (1 << 30) + 1), (3, (64 << 20) - 1), (3, 8_192),
    (0, 256 << 20), (1, 256 << 20), (17, 256 << 20), (.max, 256 << 20), (.max, .max), (0, 0),
    (1 << 63, 1 << 63),
  ]

  @Test func noneIsTriedAndNobodyIsAsked() throws {
    let home = try TombHome(.passphrase)
    _ = try home.filled()
    let whole = try home.bytes("tomb.rr")
    let silent = TombStore(
      home.files,
      SlotOpener(.passphrase) { _ in
        Issue.record("asked for the passphrase")
        throw SlotOpener.noPassphrase
      })
    let (time, before) = (ContinuousClock().now, peak())
    for (operations, memory) in Self.hostile {
      var numbers: [UInt8] = []
      numbers.append(number: operations)
      numbers.append(number: memory)
      var bytes = whole
      bytes.replaceSubrange(Self.protection..<Self.protection + 16, with: numbers)
      try home.put(bytes, "tomb.rr")
      #expect(silent.refusal() == .tombParameters)
    }
    #expect(ContinuousClock().now - time < .seconds(5))
    // Other tests run meanwhile, and each takes 256 MiB for a passphrase.
    #expect(peak() - before < 2 << 20)
  }

  /// The most memory this process had. KiB.
  private func peak() -> Int {
    var usage = rusage()
    getrusage(0, &usage)
    return usage.ru_maxrss
  }

  @Test func theDerivationItselfRefusesThem() throws {
    let salt = [UInt8](repeating: 0, count: PassphraseParameters.saltBytes)
    let words = SecretValue(copying: Array("words".utf8))
    for (operations, memory) in Self.hostile {
      let parameters = PassphraseParameters(operations: operations, memory: memory, salt: salt)
      #expect(failure { _ = try parameters.key(words) } == .ciphertextMalformed)
    }
    let short = PassphraseParameters(operations: 2, memory: 64 << 20, salt: [])
    #expect(failure { _ = try short.key(words) } == .ciphertextMalformed)
  }

  /// The lengths of a protection are the attacker's, too.
  @Test(arguments: [KeySlot.Kind.local, .passphrase], [0, 1, 31, 33, 103, 105, 256])
  func aProtectionOfAnotherLengthIsRefused(kind: KeySlot.Kind, length: Int) throws {
    let home = try TombHome(kind == .local ? .local : .passphrase)
    let root = try SecretKey.random()
    var file = KeyFile(
      id: [UInt8](repeating: 1, count: 16),
      slots: [
        KeySlot(
          kind, label: "", publicKey: try RecipientKey.random().publicKey,
          protection: [UInt8](repeating: 7, count: length), at: TombHome.start)
      ])
    try file.add(root, at: TombHome.start)
    try home.put(try file.encoded(under: root, host: nil), "tomb.rr")
    #expect(home.store().refusal() == .tombMalformed)
  }
}
