// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Tomb

/// Files that are whole, and are not those that belong together now.
struct OlderCopyTests {
  private let now = TombHome.start

  @Test func olderEntriesAreRefusedUntilTheyAreAccepted() throws {
    let home = try TombHome()
    let (store, _) = try home.filled()
    let old = try home.bytes("entries.sealed")
    try store.remove("provider")
    try home.put(old, "entries.sealed")
    #expect(store.refusal() == .tombOlder && home.store().refusal() == .tombOlder)
    #expect(failure { try store.set("t", "v") } == .tombOlder)
    #expect(failure { try store.rotateKey(at: now) } == .tombOlder)
    try store.acceptOlder()
    #expect(try home.store().text("provider") == "other!")
    try store.set("t", "v")
    #expect(try home.store().verify() == 4)
  }

  @Test func anOlderKeyFileIsRefused() throws {
    let home = try TombHome()
    let (store, key) = try home.filled()
    let old = try home.bytes("tomb.rr")
    try store.add(key.recipient, label: "again", at: now)
    let before = try home.image()
    try home.put(old, "tomb.rr")
    #expect(home.store().refusal() == .tombOlder)
    try home.put(before)
    try store.rotateKey(at: now)
    for name in ["tomb.rr", "entries.sealed"] {
      let present = try home.bytes(name)
      try home.put(try #require(before[name]), name)
      #expect([.tombChanged, .tombMixed].contains(home.store().refusal()))
      try home.put(present, name)
    }
    try home.put(try #require(before["tomb.seen"]), "tomb.seen")
    #expect(home.store().refusal() == .tombChanged)
  }

  /// A record that is behind is what a crash leaves; the files themselves are the present ones.
  @Test func anOlderRecordAloneHidesNothing() throws {
    let home = try TombHome()
    let (store, _) = try home.made()
    try store.set("t", "1")
    let old = try home.bytes("tomb.seen")
    try store.set("t", "2")
    try home.put(old, "tomb.seen")
    #expect(try home.store().text("t") == "2")
  }

  /// From the first moment on: also of a tomb whose key file was written once only.
  @Test func aRemovedRecordIsMissed() throws {
    let home = try TombHome()
    let (store, _) = try home.made()
    let first = try home.bytes("entries.sealed")
    try home.remove("tomb.seen")
    #expect(home.store().refusal() == .tombUnseen)
    try store.acceptOlder()
    try store.set("t", "v")
    try home.remove("tomb.seen")
    #expect(home.store().refusal() == .tombUnseen)
    try home.put(first, "entries.sealed")
    #expect(home.store().refusal() == .tombUnseen)
    #expect(failure { try store.set("t", "w") } == .tombUnseen)
  }

  @Test func removedEntriesAreMissed() throws {
    for isUsed in [false, true] {
      let home = try TombHome()
      let (store, key) = isUsed ? try home.filled() : try home.made()
      try home.remove("entries.sealed")
      #expect(home.store().refusal() == .tombOlder)
      // A recovery without them would seal nothing under a new key, and lose the old one.
      #expect(failure { try store.recover(with: key, at: now) } == .tombOlder)
      #expect(failure { try store.acceptOlder() } == .tombOlder)
      try home.remove("tomb.seen")
      #expect(home.store().refusal() == .tombUnseen)
    }
  }

  @Test func aLostKeyFileIsToldFromNoTomb() throws {
    let home = try TombHome()
    _ = try home.filled()
    try home.remove("tomb.rr")
    #expect(home.store().refusal() == .tombMissing)
    let lost = { try failureText { _ = try home.store().verify() } }
    #expect(try lost().contains("entries are still there"))
    try home.remove("entries.sealed")
    #expect(try lost().contains("no tomb"))
  }

  private func failureText(_ body: () throws -> Void) throws -> String {
    do { try body() } catch let error as ApplianceError { return error.message }
    return ""
  }

  @Test func filesOfTwoTombsAreNotMixed() throws {
    let (home, other) = (try TombHome(.systemd), try TombHome(.systemd))
    _ = try (home.filled(), other.filled())
    for name in TombHome.names {
      let own = try home.bytes(name)
      try home.put(try other.bytes(name), name)
      #expect(home.store().refusal() == .tombMixed)
      try home.put(own, name)
    }
    for name in ["tomb.rr", "entries.sealed"] { try home.put(try other.bytes(name), name) }
    #expect(home.store().refusal() == .tombMixed)
  }

  @Test func filesThatOthersCanReadAreRefused() throws {
    let home = try TombHome(.file)
    _ = try home.filled()
    for path in [home.path("tomb.rr"), home.folder("medium/key")] {
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
      #expect(home.store().refusal() == .fileUnsafe)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
    try FileManager.default.moveItem(
      atPath: home.path("tomb.rr"), toPath: home.path("tomb.rr") + ".real")
    try FileManager.default.createSymbolicLink(
      atPath: home.path("tomb.rr"), withDestinationPath: "tomb.rr.real")
    #expect(home.store().refusal() == .fileUnsafe)
  }
}
