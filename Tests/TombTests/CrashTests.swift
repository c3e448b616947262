// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Tomb

/// Files as a crash between two of them leaves them. Sweeps over every operation of a process are in
/// the tests of faults.
struct CrashTests {
  private let now = TombHome.start

  /// Only some of the files that a change wrote are in place; all that were before stay readable.
  @Test func aChangeThatWasCutOffLeavesAWholeTomb() throws {
    let home = try TombHome()
    let (store, _) = try home.filled()
    let before = try home.image()
    try store.set("t", "v")
    let after = try home.image()
    try home.put(before)
    try home.put(try #require(after["entries.sealed"]), "entries.sealed")
    #expect(try home.store().text("t") == "v")
    try home.store().set("u", "w")
    #expect(try home.store().verify() == 5)
  }

  /// A rotation writes the key file, the entries, the key file, and the record after each.
  @Test(arguments: 0...6)
  func aRotationThatWasCutOffIsFinished(steps: Int) throws {
    let home = try TombHome(.systemd)
    let (_, key) = try home.filled()
    try cutOff(home, after: steps)
    #expect(try home.store().texts("gateway/token") == ["first", "second"])
    #expect(try home.store().summary().isRotating == (1...4).contains(steps))
    try home.store().set("t", "v")
    let summary = try home.store().summary()
    #expect(!summary.isRotating && summary.epoch == (steps == 0 ? 1 : 2))
    #expect(try home.store().verify() == 4)
    try home.store().recover(with: key, at: now)
    #expect(try home.store().verify() == 4)
  }

  /// Also when nothing but a recovery follows.
  @Test(arguments: 1...4)
  func aRotationThatWasCutOffIsFinishedByARecovery(steps: Int) throws {
    let home = try TombHome(.systemd)
    let (_, key) = try home.filled()
    try cutOff(home, after: steps)
    let credential = [UInt8](repeating: 9, count: 32)
    let other = home.store(credential: credential)
    try other.recover(with: key, at: now)
    #expect(try home.store(credential: credential).verify() == 3)
    #expect(try other.summary().epoch == 3)
  }

  private func cutOff(_ home: TombHome, after steps: Int) throws {
    let store = home.store()
    var images = [try home.image()]
    var opened = try store.open()
    try store.beginRotation(&opened, at: now)
    images.append(try home.image())
    let resealed = try opened.entries.resealed(from: opened.current, under: opened.newest)
    opened.entries = try home.files.write(resealed, of: opened, under: opened.newest)
    images.append(try home.image())
    try store.finishRotation(&opened)
    images.append(try home.image())
    try home.put(images[steps / 2])
    if steps.isMultiple(of: 2) { return }
    let next = ["tomb.rr", "entries.sealed", "tomb.rr"][steps / 2]
    try home.put(try #require(images[steps / 2 + 1][next]), next)
  }

  /// Of a tomb whose making was cut off there is no tomb yet, and nothing is in the way.
  @Test(arguments: [["entries.sealed"], ["entries.sealed", "tomb.seen"], ["tomb.seen"]])
  func aMakingThatWasCutOffIsRepeated(written: [String]) throws {
    let home = try TombHome()
    _ = try home.made()
    for name in TombHome.names where !written.contains(name) { try home.remove(name) }
    #expect(home.store().refusal() == .tombMissing)
    #expect(try !home.store().exists)
    let (store, _) = try home.filled()
    #expect(try store.verify() == 3 && home.store().verify() == 3)
  }

  @Test func temporaryFilesOfTheDeadAreSweptUp() throws {
    let home = try TombHome()
    let (store, _) = try home.made()
    let left = home.paths.state + "/tomb/.kafclaw-999999999-1.tmp"
    try Data([1]).write(to: URL(filePath: left))
    try store.set("t", "v")
    #expect(!FileManager.default.fileExists(atPath: left))
    #expect(FileManager.default.fileExists(atPath: home.paths.tombLock))
  }
}
