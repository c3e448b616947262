// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Tomb

/// Damage at every place of every file: always refused, with a code of the tomb.
struct FlipTests {
  private static let codes: Set<ApplianceError.Code> = [
    .tombMalformed, .tombChanged, .tombMixed, .tombOlder, .tombBackend, .tombLocked,
    .tombParameters,
  ]

  /// Codes of all the damaged forms of one file; `nil` among them would be one that opens.
  private func refusals(
    _ home: TombHome, _ name: String, _ forms: (_ whole: [UInt8]) -> [[UInt8]]
  ) throws -> Set<ApplianceError.Code?> {
    let whole = try home.bytes(name)
    var codes: Set<ApplianceError.Code?> = []
    for form in forms(whole) {
      try home.put(form, name)
      let code = home.store().refusal()
      if code.map({ !Self.codes.contains($0) }) ?? true {
        Issue.record("\(name), \(form.count) bytes: \(String(describing: code))")
      }
      codes.insert(code)
    }
    try home.put(whole, name)
    #expect(try home.store().verify() == 3)
    return codes
  }

  @Test(
    arguments: zip(
      [TombBackend.local, .systemd, .systemd, .local],
      ["tomb.rr", "tomb.rr", "entries.sealed", "tomb.seen"]))
  func everyChangedByteIsFound(backend: TombBackend, name: String) throws {
    let home = try TombHome(backend)
    _ = try home.filled()
    var random = SplitMix64(seed: SplitMix64.seed(of: "everyChangedByteIsFound"))
    let found = try refusals(home, name) { whole in
      whole.indices.map { index in
        var bytes = whole
        bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
        return bytes
      }
    }
    #expect(found.contains(.tombChanged))
  }

  @Test(arguments: TombHome.names)
  func everyLengthButTheWholeIsRefused(name: String) throws {
    let home = try TombHome()
    _ = try home.filled()
    let found = try refusals(home, name) { whole in whole.indices.map { Array(whole[..<$0]) } }
    #expect(found.isSubset(of: [.tombMalformed, .tombChanged]))
    let longer = try refusals(home, name) { whole in
      [1, 16, 64, 500].map { whole + [UInt8](repeating: 0, count: $0) }
    }
    #expect(longer == [.tombMalformed])
  }

  /// The forms of the predecessor: a bare key, JSON with plain values.
  @Test(arguments: TombHome.names)
  func plaintextIsNotTaken(name: String) throws {
    let home = try TombHome()
    _ = try home.filled()
    let texts = [
      #"{"version":"v1","masterKey":"AAAA","envNonce":"","envCiphertext":""}"#, "secret",
      "d2hhdCBhIGtleSB0aGlzIGlzIHRoYXQgaXMgMzIgYnl0ZXM=", "KAFTOMB", "KAFSEAL\u{1}", "\u{0}",
    ]
    let found = try refusals(home, name) { _ in texts.map { Array($0.utf8) } }
    #expect(found == [.tombMalformed])
  }

  @Test func aPlainValueInPlaceOfASealedOneIsNotTaken() throws {
    let home = try TombHome()
    _ = try home.filled()
    var bytes = try home.bytes("entries.sealed")
    bytes.replaceSubrange(
      bytes.count - 104..<bytes.count, with: [UInt8](repeating: 0x41, count: 104))
    try home.put(bytes, "entries.sealed")
    #expect(home.store().refusal() == .tombChanged)
    // The others are still read, and only they.
    #expect(failure { _ = try home.store().text("gateway/token") } == .tombChanged)
    #expect(try home.store().text("provider") == "other!")
  }

  /// Argon2id runs for each: some places only.
  @Test func aChangedPassphraseSlotIsRefused() throws {
    let home = try TombHome(.passphrase)
    _ = try home.filled()
    let protection = 8 + 16 + 8 + 1 + 1 + 8 + 8 + 1 + "this host".utf8.count + 32 + 2
    let found = try refusals(home, "tomb.rr") { whole in
      [0, 7, 8, 12, 16, 103].map { place in
        var bytes = whole
        bytes[protection + place] ^= 1
        return bytes
      }
    }
    #expect(found.isSubset(of: [.tombParameters, .tombLocked, .tombChanged]))
  }

  /// Bytes of an attacker's own making: an error, never a trap.
  @Test func randomFilesAreRefused() throws {
    let home = try TombHome()
    _ = try home.filled()
    var random = SplitMix64(seed: SplitMix64.seed(of: "randomFilesAreRefused"))
    for name in TombHome.names {
      _ = try refusals(home, name) { whole in
        (0..<100).map { _ in
          let begin = Int.random(in: 8...40, using: &random)
          let length = Int.random(in: 0...700, using: &random)
          let wide = Bool.random(using: &random)
          return Array(whole.prefix(begin))
            + (0..<length).map { _ in wide ? 0xFF : UInt8.random(in: 0...255, using: &random) }
        }
      }
    }
  }
}
