// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Foundation
import Planning
import Synchronization

@testable import GitSource
@testable import Reconciliation

/// A reconciler with a state folder of its own, a host in memory and a source under control.
final class Appliance: Sendable {
  let home: String
  let paths: AppliancePaths
  let host = ModelHost()
  let source: ModelSource
  /// Far enough on with every pass for any failure to be tried again.
  let clock = ModelClock()
  let reconciler: Reconciler
  let files: ReconcilerFiles
  let bundles: BundleStore

  init(_ first: SourceReply = Desired.commit(1)) throws {
    home = try TemporaryFolder.make()
    paths = AppliancePaths.user(home: home)
    for folder in paths.folders { try PrivateFolder.create(folder) }
    files = ReconcilerFiles(paths)
    bundles = BundleStore(paths)
    let (host, source, clock) = (host, ModelSource(first), clock)
    self.source = source
    reconciler = Self.reconciler(paths, host, source, clock)
  }

  deinit { TemporaryFolder.remove(home) }

  /// The same host and files under a new reconciler, as after a restart.
  func restarted() -> Reconciler { Self.reconciler(paths, host, source, clock) }

  /// The same host and files while nothing runs: nobody can tell whether a change is good.
  func stopped() -> Reconciler { Self.reconciler(paths, host, source, clock, runs: false) }

  /// Ends the components, as the end of `kafclaw run` does.
  func stopComponents() async {
    for name in ["agent", "gateway"] { await host.set("component/\(name)", nil) }
  }

  private static func reconciler(
    _ paths: AppliancePaths, _ host: ModelHost, _ source: ModelSource, _ clock: ModelClock,
    runs: Bool = true
  ) -> Reconciler {
    var spec = SourceSpec()
    spec.repository = "/srv/config.git"
    var outside = Reconciler.Surroundings(
      fetch: { try await source.fetch() }, health: { runs ? await host.checkHealth() : [] },
      processes: { await host.processes() }, now: { clock.now }, random: { 0.5 },
      sleep: { _ in
        clock.noteWait()
        // Some of the real clock passes, and other tasks get their turn.
        try await Task.sleep(for: .milliseconds(1))
      })
    outside.checksHealth = runs
    return Reconciler(
      host: nil, source: spec, paths: paths,
      appliers: ResourceKind.allCases.map { ModelApplier(kind: $0, host: host) },
      outside: outside)
  }

  @discardableResult
  func pass(_ trigger: Trigger = .interval) async -> PassOutcome {
    clock.advance(by: 400)
    return await reconciler.pass(trigger)
  }

  func conditions(componentsHealthy: Bool = true) async -> [Condition] {
    await reconciler.conditions(
      componentsHealthy: componentsHealthy, containment: IncidentFile(paths).read().containment)
  }

  /// Newest first.
  func history() throws -> [HistoryEntry] { try ReconcileHistory(paths).newest(1_000) }

  /// Whether the record says what is there.
  func recordMatchesHost() async throws -> Bool {
    let recorded = try files.appliedState().byAddress
    return await host.live == recorded
  }

  /// Every file of the state folder: path, mode, time of change and content.
  func fingerprint() throws -> [String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: paths.state).sorted()
    return try names.map { name in
      let path = paths.state + "/" + name
      var status = stat()
      guard lstat(path, &status) == 0 else { throw ApplianceError.system("examine", path) }
      let isFile = status.st_mode & S_IFMT == S_IFREG
      let bytes = isFile ? try DurableFile.read(path, limit: 1 << 24) : []
      let times = "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
      return "\(name) \(status.st_mode) \(status.st_ino) \(times) \(bytes)"
    }
  }
}

/// A clock that moves when it is told to.
final class ModelClock: Sendable {
  private let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))

  private let count = Mutex(0)

  var now: Date { time.withLock { $0 } }

  /// How often somebody waited between two looks at the components' health.
  var waits: Int { count.withLock { $0 } }

  func noteWait() { count.withLock { $0 += 1 } }

  func advance(by seconds: TimeInterval) { time.withLock { $0.addTimeInterval(seconds) } }
}

/// Folders that are gone when their test is.
enum TemporaryFolder {
  static func make() throws -> String {
    var template = Array("/tmp/kafclaw-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template), let resolved = PrivateFolder.resolve(String(cString: made))
    else { throw ApplianceError.system("create folder", "/tmp") }
    return resolved
  }

  static func remove(_ path: String) {
    // `try?`: what is left over lies in /tmp and disturbs nobody.
    try? FileManager.default.removeItem(atPath: path)
  }
}
