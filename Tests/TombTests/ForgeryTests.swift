// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import Testing

@testable import Tomb

/// Somebody who may write to every file, knows the format, and has not the keys.
struct ForgeryTests {
  private let now = TombHome.start

  /// Ciphertexts of values with their places in the file: all are as long as each other.
  private func blocks(_ bytes: [UInt8]) -> [Range<Int>] {
    [3, 2, 1].map { bytes.count - $0 * 104..<bytes.count - ($0 - 1) * 104 }
  }

  @Test func valuesAreNotExchangedBetweenNamesAndVersions() throws {
    let home = try TombHome()
    _ = try home.filled()
    let whole = try home.bytes("entries.sealed")
    let places = blocks(whole)
    for (a, b) in [(0, 1), (1, 2), (0, 2)] {
      var bytes = whole
      bytes.replaceSubrange(places[a], with: whole[places[b]])
      bytes.replaceSubrange(places[b], with: whole[places[a]])
      try home.put(bytes, "entries.sealed")
      #expect(home.store().refusal() == .tombChanged)
    }
  }

  /// The value of an entry before it was set again, under the same name and key.
  @Test func anEarlierValueIsNotPutBack() throws {
    let home = try TombHome()
    let (store, _) = try home.made()
    try store.set("t", "old")
    let old = try home.bytes("entries.sealed").suffix(104)
    try store.set("t", "new")
    var bytes = try home.bytes("entries.sealed")
    bytes.replaceSubrange(bytes.count - 104..<bytes.count, with: old)
    try home.put(bytes, "entries.sealed")
    #expect(home.store().refusal() == .tombChanged)
  }

  /// Counters stand in the clear; they cannot be raised.
  @Test func anOlderCopyIsNotMadeNewer() throws {
    let home = try TombHome()
    let (store, _) = try home.filled()
    var old = try home.image()
    try store.set("t", "v")
    try store.add(try RecoveryKey.random().recipient, label: "x", at: now)
    for (name, place) in [("entries.sealed", 35), ("tomb.rr", 31)] {
      let present = try home.bytes(name)
      old[name]?[place] += 40
      try home.put(try #require(old[name]), name)
      #expect(home.store().refusal() == .tombChanged)
      try home.put(present, name)
    }
  }

  /// Adds or replaces a slot and seals the root keys nobody knows to it: those cannot be had, so
  /// something else is sealed.
  @Test func aSlotIsNotAddedWithoutTheRootKey() throws {
    let home = try TombHome(.systemd)
    _ = try home.filled()
    var file = try KeyFile(try home.bytes("tomb.rr"))
    let thief = try RecoveryKey.random()
    file.slots.append(KeySlot(.recovery, label: "", publicKey: thief.key.publicKey, at: now))
    let root = try SecretKey.random()
    file.epochs[0].sealed.append(try RecipientKey.seal(root, to: thief.key.publicKey))
    file.counter += 1
    try home.put(try file.encoded(under: root, host: root), "tomb.rr")
    #expect(home.store().refusal() == .tombChanged)
    #expect(failure { try home.store().recover(with: thief, at: now) } == .tombChanged)
  }

  /// Public keys of slots stand in the clear: anybody seals a root key of their own to them, and a
  /// whole tomb under that. The host's private key tells it from the host's.
  @Test(arguments: [TombBackend.systemd, .file])
  func aTombOfSomebodyElsesMakingIsNotTaken(backend: TombBackend) throws {
    let home = try TombHome(backend)
    _ = try home.filled()
    let file = try KeyFile(try home.bytes("tomb.rr"))
    let keys = TombKeys(epoch: 1, root: try .random())
    var forged = KeyFile(id: file.id, slots: file.slots)
    try forged.add(keys.root, at: now)
    var entries = EntryFile(tomb: file.id, epoch: 1)
    var entry = TombEntry(
      name: "gateway/token", created: now, expires: nil, purpose: nil, consumers: [], versions: [])
    entry.add(1, at: now, until: now)
    try entries.replace(entry, with: [SecretValue(copying: [1])], keys)
    let stranger = try SecretKey.random()
    for host in [nil, stranger, keys.root] {
      var opened = TombFiles.Opened(keyFile: forged, keys: [keys], entries: entries, host: host)
      try home.files.writeFirst(&opened)
      #expect(home.store().refusal() == .tombChanged)
      #expect(failure { try home.store().acceptOlder() } == .tombChanged)
    }
  }

  /// A recovery key cannot tell who sealed to it: what it opens must do no harm.
  @Test(arguments: [
    ("bad\u{1B}[2J", 1), ("ok", 0), ("ok", Int.max), ("ok", Int(Int32.max) + 1), ("/ok", 1),
  ])
  func aForgedIndexIsNotTaken(name: String, number: Int) throws {
    let (home, key) = (try TombHome(), try RecoveryKey.random())
    let keys = TombKeys(epoch: 1, root: try .random())
    var file = KeyFile(
      id: [UInt8](repeating: 3, count: 16),
      slots: [KeySlot(.recovery, label: "", publicKey: key.key.publicKey, at: now)])
    try file.add(keys.root, at: now)
    var entries = EntryFile(tomb: file.id, epoch: 1)
    var entry = TombEntry(
      name: name, created: now, expires: nil, purpose: nil, consumers: [], versions: [])
    entry.add(number, at: now, until: now)
    try entries.replace(entry, with: [SecretValue(copying: [1])], keys)
    let export = TombExport(
      keyFile: try file.encoded(under: keys.root, host: nil),
      entries: try entries.encoded(under: keys).bytes)
    #expect(failure { try home.store().adopt(export.bytes, with: key, at: now) } == .tombMalformed)
    #expect(try !home.store().exists)
  }

  /// Numbers at the end of what their fields hold.
  @Test(arguments: [UInt64.max, UInt64(1) << 62 + 1])
  func aCounterWithoutASuccessorIsNotTaken(counter: UInt64) throws {
    let home = try TombHome()
    let (_, key) = try home.filled()
    var file = try KeyFile(try home.bytes("tomb.rr"))
    let roots = try file.roots(try #require(file.slots.last), key.key.privateKey)
    file.counter = counter
    try home.put(try file.encoded(under: try #require(roots.last).root, host: nil), "tomb.rr")
    #expect(failure { try home.store().recover(with: key, at: now) } == .tombMalformed)
  }
}
