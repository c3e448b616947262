// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Tomb

/// The life of a tomb, with each backend.
struct LifeTests {
  private static let backends = [TombBackend.local, .passphrase, .file, .systemd]

  @Test(arguments: backends)
  func whatIsSetIsThereForAnotherProcess(backend: TombBackend) throws {
    let home = try TombHome(backend)
    let (store, _) = try home.made()
    try store.set("a/b.c", "value", EntryDetails(purpose: "p", consumers: ["gateway"]))
    let other = home.store()
    #expect(try other.text("a/b.c") == "value")
    let entry = try #require(try other.list().first)
    #expect(
      entry.purpose == "p" && entry.consumers == ["gateway"] && entry.rotated == TombHome.start)
    #expect(failure { _ = try other.value("a/b.c", for: "agent") } == .tombNotForYou)
    #expect(failure { _ = try other.value("a", for: "gateway") } == .tombNoEntry)
  }

  @Test(arguments: backends)
  func theKeyRotatesAndEverythingStays(backend: TombBackend) throws {
    let home = try TombHome(backend)
    let (store, _) = try home.filled()
    let before = try home.image()
    try store.rotateKey(at: TombHome.start)
    let after = try store.summary()
    #expect(after.epoch == 2 && !after.isRotating)
    #expect(try home.store().texts("gateway/token") == ["first", "second"])
    // No ciphertext of the old key is left.
    let sealed = try #require(before["entries.sealed"]).suffix(64)
    #expect(try !home.bytes("entries.sealed").contains(sealed))
  }

  @Test(arguments: backends)
  func theTombMovesToAnotherHostByItsRecoveryKeyAlone(backend: TombBackend) throws {
    let home = try TombHome(backend)
    let (_, key) = try home.filled()
    let other = try TombHome(backend)
    for name in ["tomb.rr", "entries.sealed"] { try other.put(try home.bytes(name), name) }
    let credential = [UInt8](repeating: 7, count: 32)
    let store = other.store(credential: credential, passphrase: "another long passphrase")
    try store.recover(with: key, at: TombHome.start)
    #expect(try store.texts("gateway/token") == ["first", "second"])
    #expect(try store.summary().epoch == 2)
    let fresh = other.store(credential: credential, passphrase: "another long passphrase")
    #expect(try fresh.text("provider") == "other!")
  }

  @Test(arguments: backends)
  func anExportIsAdoptedElsewhere(backend: TombBackend) throws {
    let home = try TombHome(backend)
    let (store, _) = try home.filled()
    let key = try RecoveryKey.random()
    let export = try store.export(to: key.recipient, at: TombHome.start)
    let other = try TombHome(backend)
    try other.store().adopt(export, with: key, at: TombHome.start)
    #expect(try other.store().texts("gateway/token") == ["first", "second"])
    #expect(try other.store().summary().id != store.summary().id)
    #expect(
      failure { try other.store().adopt(export, with: key, at: TombHome.start) } == .tombExists)
  }

  @Test func aBackendIsNeverTriedInPlaceOfAnother() throws {
    let home = try TombHome(.local)
    let (_, key) = try home.filled()
    #expect(home.store(.systemd).refusal() == .tombBackend)
    try home.store(.systemd).recover(with: key, at: TombHome.start)
    #expect(try home.store(.systemd).verify() == 3)
    #expect(home.store(.local).refusal() == .tombBackend)
    let wrong = home.store(.systemd, credential: [UInt8](repeating: 1, count: 32))
    #expect(wrong.refusal() == .tombLocked)
  }

  @Test func theWrongPassphraseOpensNothing() throws {
    let home = try TombHome(.passphrase)
    _ = try home.filled()
    #expect(home.store(passphrase: TombHome.passphrase + " ").refusal() == .tombLocked)
    #expect(
      failure {
        try TombHome(.passphrase).store(passphrase: "short").create(
          recovery: [], at: TombHome.start)
      } == .tombInvalid)
  }

  @Test func theKernelKeepsTheOpenedKey() throws {
    let home = try TombHome(.keyring)
    do {
      _ = try home.filled()
    } catch let error as ApplianceError where error.code == .tombLocked {
      // Containers often forbid the system calls; then nothing must have been made.
      #expect(try !home.store().exists)
      return print("not tested: \(error.message)")
    }
    let slot = try #require(try KeyFile(try home.bytes("tomb.rr")).slots.first)
    let kept = SessionKeyring(tomb: try KeyFile(try home.bytes("tomb.rr")).id, slot: slot.id)
    let silent = TombStore(home.files, SlotOpener(.keyring))
    #expect(try silent.text("provider") == "other!")
    // Something else there, by any process of the user: the passphrase is asked for.
    try kept.write(try .random())
    #expect(TombStore(home.files, SlotOpener(.keyring)).refusal() == .tombLocked)
    #expect(try home.store().verify() == 3)
    try kept.forget()
    #expect(try kept.read() == nil)
    #expect(TombStore(home.files, SlotOpener(.keyring)).refusal() == .tombLocked)
  }

  @Test("several entries are changed at once, or none is")
  func severalAtOnce() throws {
    let home = try TombHome()
    let (store, _) = try home.filled()
    func value(_ text: String) -> SecretValue { SecretValue(copying: Array(text.utf8)) }
    let ends = TombHome.start + 60
    try store.apply(
      [
        .set("a", value("one"), EntryDetails(expires: ends)), .remove("provider"),
        .remove("nothing"), .set("b", value("two"), EntryDetails()),
      ], at: TombHome.start)
    #expect(try store.text("a") == "one" && store.text("b") == "two")
    #expect(failure { _ = try store.text("provider") } == .tombNoEntry)

    let before = try home.image()
    let tooMuch = value(String(repeating: "x", count: TombEntry.valueLimit + 1))
    for wrong in [
      TombEdit.set("c", tooMuch, EntryDetails()), .set("C c", value("x"), EntryDetails()),
      .set("c", value("x"), EntryDetails(expires: Date(timeIntervalSince1970: 1e12))),
    ] {
      #expect(throws: ApplianceError.self) {
        try store.apply([.remove("a"), wrong], at: TombHome.start)
      }
    }
    #expect(try home.image() == before)

    // Its number goes on, and the end that it had is gone.
    try store.apply([.remove("a"), .set("a", value("three"), EntryDetails())], at: TombHome.start)
    let entry = try #require(try home.store().list().first { $0.name == "a" })
    #expect(entry.expires == nil && entry.versions.map(\.number) == [2])
  }
}
