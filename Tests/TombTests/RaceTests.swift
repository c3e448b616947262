// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Synchronization
import Testing

@testable import Tomb

/// Several processes at one tomb: each has a store of its own, as each process has.
struct RaceTests {
  private let now = TombHome.start

  @Test func allWritersAreHeardAndNoReaderSeesAnError() async throws {
    let home = try TombHome()
    _ = try home.filled()
    let errors = try await disturbed(home) { writer in
      let store = home.store()
      for index in 0..<20 { try store.set("w\(writer)/\(index)", "value \(writer) \(index)") }
    }
    #expect(errors.isEmpty, "\(errors)")
    #expect(try home.store().list().count == 2 + 8 * 20)
    #expect(try home.store().text("w3/7") == "value 3 7")
  }

  /// Between two files of a rotation nothing fits together but what was read together.
  @Test func readersSeeNoErrorWhileTheKeyRotates() async throws {
    let home = try TombHome(.systemd)
    _ = try home.filled()
    let errors = try await disturbed(home, writers: 3) { writer in
      let store = home.store()
      for index in 0..<12 {
        if writer == 0 { try store.rotateKey(at: now) }
        if writer == 1 { try store.set("t", "\(index)") }
        if writer == 2 {
          try store.add(try RecoveryKey.random().recipient, label: "x", at: now)
          let slot = try store.summary().slots.last { $0.label == "x" }
          try store.removeSlot(slot?.id ?? "", at: now)
        }
      }
    }
    #expect(errors.isEmpty, "\(errors)")
    #expect(try home.store().summary().epoch == 25)
    #expect(try home.store().texts("gateway/token") == ["first", "second"])
  }

  /// Runs writers, and two readers for as long as they do.
  ///
  /// - Returns: What the readers were told.
  private func disturbed(
    _ home: TombHome, writers: Int = 8, _ write: @escaping @Sendable (Int) throws -> Void
  ) async throws -> [String] {
    let tally = Tally(writers)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<writers {
        group.addTask {
          defer { tally.left.subtract(1, ordering: .relaxed) }
          try await Self.onThread { try write(writer) }
        }
      }
      for _ in 0..<2 {
        group.addTask {
          try await Self.onThread {
            let kept = home.store()
            while tally.left.load(ordering: .relaxed) > 0 {
              do {
                _ = try kept.text("gateway/token")
                _ = try home.store().verify()
              } catch {
                tally.errors.withLock { $0.append("\(error)") }
              }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    return tally.errors.withLock { $0 }
  }

  private final class Tally: Sendable {
    let left: Atomic<Int>
    let errors = Mutex<[String]>([])

    init(_ writers: Int) { left = Atomic(writers) }
  }

  /// Blocks a thread of its own, none of the pool.
  private static func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try body() }) }.start()
    }
  }

  /// The daemon has opened the tomb, and somebody recovers it, by another process.
  @Test(arguments: [TombBackend.local, .systemd])
  func aStoreOpensATombThatWasRecoveredByAnother(backend: TombBackend) throws {
    let home = try TombHome(backend)
    let (daemon, key) = try home.filled()
    #expect(try daemon.verify() == 3)
    try home.store().recover(with: key, at: now)
    #expect(try daemon.text("provider") == "other!")
    try daemon.set("t", "v")
    #expect(try home.store().verify() == 4)
  }

  @Test func anotherTombInPlaceOfTheFirstIsOpened() throws {
    let home = try TombHome()
    let (daemon, _) = try home.filled()
    for name in TombHome.names { try home.remove(name) }
    _ = try home.filled()
    #expect(try daemon.verify() == 3)
  }

  /// The wrong medium, or a credential of before: what was read once must not be kept.
  @Test func aKeyThatDoesNotOpenIsNotKept() throws {
    let home = try TombHome(.file)
    let (_, _) = try home.filled()
    let (daemon, medium) = (home.store(), home.folder("medium/key"))
    let right = try Data(contentsOf: URL(filePath: medium))
    try Data(repeating: 1, count: 32).write(to: URL(filePath: medium))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: medium)
    #expect(daemon.refusal() == .tombLocked)
    try FileManager.default.removeItem(atPath: medium)
    #expect(daemon.refusal() == .tombLocked)
    try right.write(to: URL(filePath: medium))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: medium)
    #expect(try daemon.verify() == 3)
  }
}
