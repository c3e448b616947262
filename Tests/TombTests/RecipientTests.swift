// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import Testing

@testable import Tomb

/// Who can open a tomb, and who no longer.
struct RecipientTests {
  private let now = TombHome.start

  /// On another host, with the files of this one.
  private func opens(_ key: RecoveryKey, _ home: TombHome) throws -> ApplianceError.Code? {
    let other = try TombHome()
    for name in ["tomb.rr", "entries.sealed"] { try other.put(try home.bytes(name), name) }
    return failure { try other.store().recover(with: key, at: now) }
  }

  @Test func aRecipientThatIsAddedOpensAndARemovedOneDoesNot() throws {
    let home = try TombHome()
    let (store, first) = try home.filled()
    let second = try RecoveryKey.random()
    try store.add(second.recipient, label: "second", at: now)
    #expect(try opens(second, home) == nil)
    let old = try home.image()
    let slot = try #require(try store.summary().slots.first { $0.label == "second" })
    try store.removeSlot(slot.id, at: now)
    #expect(try opens(second, home) == .tombLocked)
    #expect(try opens(first, home) == nil)
    #expect(try store.texts("gateway/token") == ["first", "second"])
    // Nor does the root key it once opened.
    let file = try KeyFile(try #require(old["tomb.rr"]))
    let roots = try file.roots(try #require(file.slots.last), second.key.privateKey)
    let sealed = try home.bytes("entries.sealed")
    #expect(failure { _ = try EntryFile(sealed, of: file.id, roots) } == .tombMixed)
  }

  @Test func thisHostsSlotStays() throws {
    let (store, _) = try TombHome().filled()
    let slot = try #require(try store.summary().slots.first { $0.kind == "local" })
    for id in [slot.id, "", "zz"] {
      #expect(failure { try store.removeSlot(id, at: now) } == .tombNoEntry)
    }
  }

  @Test func slotsAreCounted() throws {
    let (store, key) = try TombHome().filled()
    for _ in 2..<KeyFile.slotLimit { try store.add(key.recipient, label: "more", at: now) }
    #expect(failure { try store.add(key.recipient, label: "more", at: now) } == .tombInvalid)
    let many = [Recipient](repeating: key.recipient, count: KeyFile.slotLimit)
    let empty = try TombHome().store()
    #expect(failure { try empty.create(recovery: many, at: now) } == .tombInvalid)
    #expect(try !empty.exists && store.verify() == 3)
  }

  /// A key that nobody can hold, as an attacker would hand it over.
  @Test func aRecipientOfSmallOrderIsRefused() throws {
    let (store, _) = try TombHome().filled()
    let zero = Recipient(publicKey: [UInt8](repeating: 0, count: 32))
    #expect(failure { try store.add(zero, label: "zero", at: now) } != nil)
    #expect(try store.summary().slots.count == 2)
  }

  /// Whoever copied tomb.rr has the key in it: a new root key alone would not shut them out.
  @Test func aRotatedKeyIsNotOpenedByAnOldCopyOfTheLocalSlot() throws {
    let home = try TombHome()
    let (store, _) = try home.filled()
    let stolen = try KeyFile(try home.bytes("tomb.rr"))
    let key = try #require(stolen.slots.first).localKey()
    try store.rotateKey(at: now)
    let present = try KeyFile(try home.bytes("tomb.rr"))
    for slot in present.slots {
      #expect(failure { _ = try present.roots(slot, key) } == .notAuthentic)
    }
    #expect(try store.verify() == 3 && home.store().verify() == 3)
  }

  @Test func anExportIsForItsRecipientOnly() throws {
    let (store, own) = try TombHome().filled()
    let key = try RecoveryKey.random()
    let export = try store.export(to: key.recipient, at: now)
    let other = try TombHome()
    #expect(failure { try other.store().adopt(export, with: own, at: now) } == .tombLocked)
    #expect(try !other.store().exists)
  }

  /// Two tombs are never merged, and an empty one that was just made is filled.
  @Test func anExportFillsATombWithoutEntries() throws {
    let (store, _) = try TombHome().filled()
    let key = try RecoveryKey.random()
    let export = try store.export(to: key.recipient, at: now)
    let other = try TombHome()
    let (empty, own) = try other.made()
    try empty.adopt(export, with: key, at: now)
    #expect(try other.store().verify() == 3)
    #expect(try opens(own, other) == nil && opens(key, other) == nil)
    let used = try TombHome().made().store
    try used.set("t", "v")
    try used.remove("t")
    #expect(failure { try used.adopt(export, with: key, at: now) } == .tombExists)
  }

  @Test func aSecondTombIsNotMadeOverTheFirst() throws {
    let home = try TombHome()
    let (store, _) = try home.filled()
    let before = try home.image()
    #expect(failure { try store.create(recovery: [], at: now) } == .tombExists)
    try home.put([], "tomb.rr")
    #expect(failure { try store.create(recovery: [], at: now) } == .tombExists)
    try home.remove("tomb.rr")
    #expect(failure { try store.create(recovery: [], at: now) } == .tombMissing)
    #expect(store.refusal() == .tombMissing)
    try home.put(before)
    #expect(try store.verify() == 3)
  }

  @Test func exportsAreCheckedAtEveryByte() throws {
    let (store, _) = try TombHome().filled()
    let key = try RecoveryKey.random()
    let export = try store.export(to: key.recipient, at: now)
    let other = try TombHome()
    for index in export.indices {
      var bytes = export
      bytes[index] ^= 1
      let code = failure { try other.store().adopt(bytes, with: key, at: now) }
      #expect(
        [.tombMalformed, .tombChanged, .tombMixed, .tombLocked].contains(code), "byte \(index)")
      let short = failure { try other.store().adopt(Array(export[..<index]), with: key, at: now) }
      #expect(short == .tombMalformed || short == .tombChanged, "\(index) bytes")
    }
    #expect(try !other.store().exists)
  }
}
