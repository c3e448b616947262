// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Glibc
import Testing

/// One holder at a time, across descriptors and processes.
///
/// What looks at a lock after its release runs in a process of its own: a child that another test
/// starts in that moment has a copy of the descriptor until its program begins.
struct FileLockTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("lock") }

  private func whileLocked(_ purpose: String = "test", _ body: () throws -> Void = {}) throws {
    let lock = try FileLock(acquiring: path, purpose: purpose)
    try body()
    withExtendedLifetime(lock) {}
  }

  @discardableResult
  private func expectLocked() -> ApplianceError? {
    let error = #expect(throws: ApplianceError.self) { try whileLocked("second") }
    #expect(error?.code == .lockHeld)
    return error
  }

  private func expectHeld(_ wanted: Bool) throws {
    let isHeld = try FileLock.isHeld(path)
    #expect(isHeld == wanted)
  }

  @Test func isHeldUntilItsOwnerLetsGo() async {
    await #expect(processExitsWith: .success) {
      let test = try FileLockTests()
      try test.expectHeld(false)
      try test.whileLocked {
        try test.expectHeld(true)
        try test.expectHeld(true)
        test.expectLocked()
      }
      try test.expectHeld(false)
      try test.whileLocked()
    }
  }

  @Test func askingCreatesNothing() throws {
    try expectHeld(false)
    #expect(try !FileLock.isHeld(folder("absent/lock")))
    #expect(try folder.names() == [])
  }

  @Test func namesTheHolder() throws {
    try whileLocked("first") {
      let error = expectLocked()
      #expect(error?.message.contains("pid \(getpid()) (first)") == true)
      #expect(folder.text("lock") == "pid \(getpid()) (first)\n")
    }
  }

  @Test func forgetsTheTextOfAnEarlierHolder() throws {
    try folder.put("pid 4194304 (something with a long description)\nmore\n", in: "lock")
    try whileLocked("run") { #expect(folder.text("lock") == "pid \(getpid()) (run)\n") }
  }

  @Test func admitsOneOfManyThreads() throws {
    let path = path
    let refused = DispatchSemaphore(value: 0)
    let results = onThreads(8) { _ in
      do {
        let lock = try FileLock(acquiring: path, purpose: "thread")
        for _ in 0..<7 { refused.wait() }
        withExtendedLifetime(lock) {}
        return true
      } catch {
        refused.signal()
        guard (error as? ApplianceError)?.code == .lockHeld else { throw error }
        return false
      }
    }
    #expect(try results.filter { try $0.get() }.count == 1)
  }

  @Test func refusesALink() throws {
    try folder.put("outside", in: "target")
    try folder.link("lock", to: folder("target"))
    #expect(throws: ApplianceError.self) { try whileLocked() }
    #expect(throws: ApplianceError.self) { try FileLock.isHeld(path) }
    #expect(folder.text("target") == "outside")
  }

  @Test func keepsAnotherProcessOut() async {
    await #expect(processExitsWith: .success) {
      let test = try FileLockTests()
      let attempt = ["flock", "--nonblock", "--conflict-exit-code", "75", test.path, "true"]
      try test.whileLocked {
        let status = try OtherProcess(attempt).end()
        #expect(status == 75)
      }
      let status = try OtherProcess(attempt).end()
      #expect(status == 0)
    }
  }

  @Test(arguments: [true, false])
  func isKeptOutByAnotherProcessUntilThatEnds(isKilled: Bool) async {
    await #expect(processExitsWith: .success) { [isKilled = isKilled as Bool] in
      let test = try FileLockTests()
      let script = "exec 9>\"$0\" && flock --nonblock 9 && echo locked && exec cat"
      let holder = try OtherProcess(["sh", "-c", script, test.path])
      #expect(holder.firstOutput() == "locked\n")
      try test.expectHeld(true)
      test.expectLocked()
      if isKilled { holder.kill() }
      _ = try holder.end()
      try test.expectHeld(false)
      try test.whileLocked()
    }
  }
}

/// A program found by `env(1)`; it ends when its input does.
private struct OtherProcess {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(_ arguments: [String]) throws {
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  func firstOutput() -> String {
    String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
  }

  func kill() { Glibc.kill(process.processIdentifier, SIGKILL) }

  /// Its exit status, or the number of its signal.
  func end() throws -> Int32 {
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
