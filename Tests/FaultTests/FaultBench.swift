// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// An appliance with a past: a first commit that was applied, a second one that is to be, and what
/// may come after it. Put back to that moment before each fault.
final class FaultBench: Sendable {
  /// The commits of the repository, each one an ancestor of those below it, but for `reverted`.
  enum Commit: String, CaseIterable, Sendable {
    /// Applied before every fault.
    case first
    /// What is applied under the fault.
    case second
    /// As many changes again, and a port for the gateway that it cannot get.
    case unhealthy
    /// The first state again, under a new commit.
    case reverted
    /// Other values for everything that the others changed.
    case third

    /// What the appliance looks like with it.
    var image: Commit { self == .reverted ? .first : self }
  }

  struct SetupFailure: Error { let message: String }

  let scratch: Scratch
  let home: String
  let repository: DesiredRepository
  private let busyPort: BusyPort
  private let shim: FaultShim
  private let commits: [Commit: String]
  private let images: [Commit: HomeImage]
  private let foreign: [String: String]

  /// One for all tests: they run one after the other, and each begins with a reset.
  static func shared() throws -> FaultBench { try made.get() }

  private static let made = Result {
    let bench = try FaultBench()
    // A static value is never released: its folder goes with the process.
    atexit { FaultBench.clearUp() }
    return bench
  }

  private static func clearUp() {
    // `try?`: a folder left in /tmp harms nothing.
    if let bench = try? made.get() {
      try? FileManager.default.removeItem(atPath: bench.scratch.path)
    }
  }

  private init() throws {
    scratch = try Scratch("fault")
    home = try scratch.folder("home")
    shim = try FaultShim(in: scratch)
    busyPort = try BusyPort()
    let texts = DesiredTexts(
      port: try FreePort.next(), dashboardPort: try FreePort.next(), busyPort: busyPort.number)
    repository = try DesiredRepository(in: scratch, texts.first)
    try scratch.write(
      "home/.config/kafclaw/appliance.yaml",
      "version: 1\nsource: {repository: \"\(repository.path)\", branch: main, verify: none}\n")
    commits = try Self.commit(texts, to: repository)
    try Self.pointAt(commits[.first], repository)
    try Self.succeed(try Self.run(["run", "--once"], home: home))
    foreign = try Self.plantForeignFiles(home, scratch)
    try Self.copy(home, to: "\(scratch.path)/template")
    var images = [Commit.first: try HomeImage(home: home)]
    // While nobody listens on the port, no commit is unhealthy.
    for commit in [Commit.second, .unhealthy, .third] {
      try Self.pointAt(commits[commit], repository)
      try Self.succeed(try Self.run(["run", "--once"], home: home))
      images[commit] = try HomeImage(home: home)
    }
    self.images = images
    try busyPort.occupy()
  }

  /// What the appliance looks like with a commit, found by applying it without faults.
  func image(_ commit: Commit) throws -> HomeImage {
    guard let image = images[commit.image] else { throw SetupFailure(message: commit.rawValue) }
    return image
  }

  func id(of commit: Commit) throws -> String {
    guard let id = commits[commit] else { throw SetupFailure(message: commit.rawValue) }
    return id
  }

  /// The moment after the first commit was applied, with another one waiting.
  func reset(waiting commit: Commit = .second) throws {
    try Self.copy("\(scratch.path)/template", to: home)
    try point(at: commit)
  }

  func point(at commit: Commit) throws { try Self.pointAt(try id(of: commit), repository) }

  /// Keeps the home as it is now, for ``goBack()``.
  func keepMoment() throws { try Self.copy(home, to: "\(scratch.path)/moment") }

  func goBack() throws { try Self.copy("\(scratch.path)/moment", to: home) }

  /// Takes the repository away while `body` runs.
  func withoutSource<Value>(_ body: () throws -> Value) throws -> Value {
    let away = repository.path + ".away"
    try FileManager.default.moveItem(atPath: repository.path, toPath: away)
    let result = Result { try body() }
    try FileManager.default.moveItem(atPath: away, toPath: repository.path)
    return try result.get()
  }

  func state() throws -> FaultState { try FaultState(in: scratch, shim: shim, root: home) }

  func run(_ words: [String], under state: FaultState? = nil) throws -> FaultRun {
    try Self.run(words, home: home, under: state)
  }

  func image() throws -> HomeImage { try HomeImage(home: home) }

  /// Files in the workspace that are not the appliance's and are not as they were.
  func touchedForeignFiles() throws -> [String] {
    try foreign.keys.sorted().filter { try Self.identity("\(home)/\($0)") != foreign[$0] }
  }
}
