// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import Testing

@testable import Tomb

/// Version 1 of the files, as `docs/formats/tomb.md` has it: written once, readable for ever.
struct FormatTests {
  private func recovery() throws -> RecoveryKey {
    try RecoveryKey(SecretValue(copying: Array(FormatOne.words.utf8)))
  }

  private func home(_ backend: TombBackend = .local) throws -> TombHome {
    let home = try TombHome(backend)
    for (name, digits) in FormatOne.files {
      try home.put(try #require(Hexadecimal.decode(digits)), name)
    }
    return home
  }

  private func requireEntries(_ store: TombStore) throws {
    let now = TombHome.start
    #expect(try store.texts("gateway/token", at: now) == ["first", "second"])
    #expect(try store.texts("gateway/token", at: now + 3600) == ["second"])
    #expect(try store.text("provider") == String(repeating: "x", count: 64))
    let entry = try #require(try store.list().first { $0.name == "gateway/token" })
    #expect(entry.purpose == "the gateway" && entry.consumers == ["gateway"])
    #expect(entry.expires == now + 86_400 && entry.created == now)
    #expect(entry.versions.map(\.number) == [1, 2])
  }

  @Test func aTombOfThisFormatOpens() throws {
    let store = try home().store()
    try requireEntries(store)
    let summary = try store.summary()
    #expect(summary.epoch == 2 && summary.keyFileCounter == 3 && summary.entriesCounter == 7)
    #expect(summary.slots.map(\.kind) == ["recovery", "local"])
    try store.set("gone", "again")
    #expect(try store.numbers("gone") == [2])
  }

  @Test func itOpensByItsRecoveryKey() throws {
    let key = try recovery()
    #expect(key.text.text == FormatOne.text && key.recipient.description == FormatOne.recipient)
    let store = try home(.systemd).store()
    try store.recover(with: key, at: TombHome.start)
    try requireEntries(store)
  }

  @Test func anExportOfThisFormatIsAdopted() throws {
    let store = try TombHome().store()
    let export = try #require(Hexadecimal.decode(FormatOne.export))
    try store.adopt(export, with: try recovery(), at: TombHome.start)
    try requireEntries(store)
  }

  @Test func aPassphraseSlotOfThisFormatOpens() throws {
    let file = try KeyFile(try #require(Hexadecimal.decode(FormatOne.passphraseKeyFile)))
    let slot = try #require(file.slots.first)
    let key = try KeySlot.Wrapped(slot.protection).open(
      SecretValue(copying: Array(TombHome.passphrase.utf8)))
    #expect(try slot.isOpened(by: key) && file.roots(slot, key).count == 1)
  }

  /// What is read and written again is the same, byte for byte.
  @Test func aKeyFileIsWrittenAsItWasRead() throws {
    let home = try home()
    let bytes = try home.bytes("tomb.rr")
    let opened = try home.store().open()
    let again = try opened.keyFile.encoded(under: try opened.newest.root, host: opened.host)
    #expect(again == bytes)
    let record = try home.bytes("tomb.seen")
    let roots = opened.keys.map(\.root)
    let seen = try TombRecord(record, of: opened.keyFile.id, under: roots)
    #expect(try seen.encoded(under: try opened.newest.root) == record)
  }

  /// Read by hand, by nothing but the document.
  @Test func aNewTombHasTheDocumentedLayout() throws {
    let home = try TombHome()
    let (store, key) = try home.filled()
    var rest = try home.bytes("tomb.rr")[...]
    func take(_ count: Int) -> [UInt8] {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    func number(_ count: Int) -> UInt64 { take(count).reduce(0) { $0 << 8 | UInt64($1) } }
    #expect(take(8) == Array("KAFTOMB".utf8) + [1])
    let id = take(16)
    #expect(try Hexadecimal.encode(id) == store.summary().id)
    #expect(number(8) == 1 && number(1) == 2)
    for (kind, label, size) in [(1, "this host", 32), (5, "recovery", 0)] {
      #expect(number(1) == UInt64(kind))
      _ = take(8)
      #expect(number(8) == 1_800_000_000)
      #expect(take(Int(number(1))) == Array(label.utf8))
      let publicKey = take(32)
      #expect(kind == 1 || publicKey == key.key.publicKey)
      #expect(take(Int(number(2))).count == size)
    }
    #expect(number(1) == 1 && number(4) == 1 && number(8) == 1_800_000_000)
    #expect(take(160).count == 160 && rest.count == 64)

    rest = try home.bytes("entries.sealed")[...]
    #expect(take(8) == Array("KAFSEAL".utf8) + [1] && take(16) == id)
    // Written once empty, then once for each change.
    #expect(number(4) == 1 && number(8) == 4)
    #expect(take(Int(number(4))).count > 40)
    #expect(rest.count == 3 * (24 + 64 + 16))

    rest = try home.bytes("tomb.seen")[...]
    #expect(take(8) == Array("KAFSEEN".utf8) + [1] && take(16) == id)
    #expect(number(8) == 1 && number(8) == 4 && rest.count == 32)
  }

  @Test func lengthsOfValuesAreHidden() throws {
    let home = try TombHome()
    let (store, _) = try home.made()
    var sizes: Set<Int> = []
    for count in [1, 20, 40, 63] {
      try store.set("t", String(repeating: "v", count: count))
      sizes.insert(try home.bytes("entries.sealed").count)
    }
    #expect(sizes.count == 1)
  }
}
