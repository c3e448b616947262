// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Tomb

/// Entries over time: overlaps, removal, limits.
struct VersionTests {
  private let now = TombHome.start

  @Test func bothVersionsAreValidUntilTheOverlapEnds() throws {
    let (store, _) = try TombHome().made()
    try store.set("t", "old")
    try store.rotate("t", to: "new", overlap: .seconds(60))
    #expect(try store.texts("t", at: now) == ["old", "new"])
    #expect(try store.texts("t", at: now + 59) == ["old", "new"])
    #expect(try store.texts("t", at: now + 60) == ["new"])
    #expect(try store.text("t") == "new")
    try store.rotate("t", to: "third", at: now + 60)
    #expect(try store.list().first?.versions.count == 1)
  }

  @Test func withoutAnOverlapTheOldValueIsGoneAtOnce() throws {
    let (store, _) = try TombHome().made()
    try store.set("t", "old")
    try store.rotate("t", to: "new")
    #expect(try store.texts("t") == ["new"])
    try store.set("t", "newer")
    #expect(try store.numbers("t") == [3])
  }

  @Test func numbersAreNeverUsedAgain() throws {
    let (store, key) = try TombHome().made()
    try store.set("t", "1")
    try store.rotate("t", to: "2")
    try store.remove("t")
    #expect(failure { _ = try store.text("t") } == .tombNoEntry)
    #expect(failure { try store.rotate("t", to: "3") } == .tombNoEntry)
    try store.rotateKey(at: now)
    try store.set("t", "3")
    #expect(try store.numbers("t") == [3])
    try store.remove("t")
    let other = try TombHome()
    let export = try store.export(to: key.recipient, at: now)
    try other.store().adopt(export, with: key, at: now)
    try other.store().set("t", "4")
    #expect(try other.store().numbers("t") == [4])
  }

  @Test func onlySoManyVersionsOverlap() throws {
    let (store, _) = try TombHome().made()
    try store.set("t", "v")
    for _ in 1..<TombEntry.versionLimit { try store.rotate("t", to: "v", overlap: .seconds(9)) }
    #expect(failure { try store.rotate("t", to: "v", overlap: .seconds(9)) } == .tombInvalid)
    #expect(try store.numbers("t").count == TombEntry.versionLimit)
  }

  @Test(arguments: [
    "", "/a", "a..b", "a b", "a\n", "ä", "a\u{0}", String(repeating: "a", count: 129),
  ])
  func whatCannotBeANameIsRefused(name: String) throws {
    let (store, _) = try TombHome().made()
    #expect(failure { try store.set(name, "v") } == .tombInvalid)
    #expect(try store.list().isEmpty)
  }

  @Test func whatCannotBeAValueIsRefused() throws {
    let (store, _) = try TombHome().made()
    let limit = TombEntry.valueLimit
    for count in [0, limit + 1] {
      #expect(failure { try store.set("t", String(repeating: "v", count: count)) } == .tombInvalid)
    }
    for count in [1, 63, 64, 65, limit] {
      let value = String(repeating: "\u{0}", count: count - 1) + "v"
      try store.set("t", value)
      #expect(try store.text("t") == value)
    }
    let zeros = SecretValue(copying: [0x80, 0, 0])
    try store.set("t", zeros, at: now)
    #expect(try store.value("t", for: "agent").withBytes { Array($0) } == [0x80, 0, 0])
  }

  /// A time with no form in the file would make all of it unreadable.
  @Test func timesBeyondTheirFormAreRefused() throws {
    let (store, _) = try TombHome().made()
    try store.set("t", "v")
    for time in [1e12, 1e300, -1, .infinity] {
      let details = EntryDetails(expires: Date(timeIntervalSince1970: time))
      #expect(failure { try store.set("t", "w", details) } == .tombInvalid)
    }
    let ages = Duration.seconds(Int64.max)
    #expect(failure { try store.rotate("t", to: "w", overlap: ages) } == .tombInvalid)
    #expect(try store.texts("t") == ["v"])
  }

  /// The tomb that was written must be one that can be read.
  @Test func aTombGrowsNoFurtherThanItCanBeRead() throws {
    let home = try TombHome()
    let (store, _) = try home.filled()
    let before = try home.image()
    let long = EntryDetails(purpose: String(repeating: "p", count: 70 << 20))
    #expect(failure { try store.set("t", "v", long) } == .tombInvalid)
    #expect(try home.image() == before)
    #expect(try store.verify() == 3)
  }

  @Test func entriesAreCounted() throws {
    let keys = TombKeys(epoch: 1, root: try .random())
    var file = EntryFile(tomb: [UInt8](repeating: 1, count: 16), epoch: 1)
    let entry = { (name: String) in
      var made = TombEntry(
        name: name, created: TombHome.start, expires: nil, purpose: nil, consumers: [],
        versions: [])
      made.add(1, at: TombHome.start, until: TombHome.start)
      return made
    }
    let value = SecretValue(copying: [1])
    for index in 0..<EntryFile.entryLimit {
      try file.replace(entry("e\(index)"), with: [value], keys)
    }
    #expect(failure { try file.replace(entry("more"), with: [value], keys) } == .tombInvalid)
    try file.replace(entry("e7"), with: [value], keys)
  }
}
