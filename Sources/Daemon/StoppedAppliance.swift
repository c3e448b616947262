// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
import ControlAPI
public import DesiredState
public import DurableIO
import Foundation
import GitSource
import Glibc
import Planning
public import Reconciliation
import Timeline

/// Plans and applies while the appliance is not running: files and rows now, components with the
/// next start.
public struct StoppedAppliance: Sendable {
  private let paths: AppliancePaths
  private let bootstrap: BootstrapSpec
  private let file: BootstrapFile
  private let source: DesiredStateSource
  /// One for the whole command: reading a variable takes it out of the environment.
  private let secrets: SecretResolver
  private let audit: HostAudit

  public init(
    paths: AppliancePaths, bootstrap: BootstrapSpec, file: BootstrapFile,
    overrides: EnvironmentOverrides
  ) {
    (self.paths, self.bootstrap, self.file) = (paths, bootstrap, file)
    audit = HostAudit(paths)
    secrets = SecretResolver(paths, bootstrap.tomb, audit)
    source = DesiredStateSource(
      bootstrap: file, paths: paths, overrides: overrides, secrets: secrets)
  }

  /// What an apply would do. Opens nothing for writing.
  ///
  /// - Parameter given: The state to plan; the configured source's tip without.
  public func plan(
    _ given: SourceReply?, acknowledging acknowledged: Digest? = nil
  ) async throws -> PassOutcome {
    let isHost = try DurableFile.readIfPresent(paths.bootstrapFile, limit: 1 << 20) != nil
    return await reconciler(store: nil, applied: try applied(), isReview: !isHost)
      .plan(given, acknowledging: acknowledged)
  }

  /// Applies under the appliance's lock.
  ///
  /// - Parameter given: An unverified state, with the reason in `request`; without, the configured
  ///   source's tip.
  public func apply(
    _ given: SourceReply?, _ request: Reconciler.Request
  ) async throws -> PassOutcome {
    try requireTrusted()
    if request.reviewed == nil, let unchanged = try await unchanged(given) { return unchanged }
    return try await locked("kafclaw apply") { reconciler in
      if let given { return await reconciler.apply(given, request) }
      return await reconciler.pass(.operatorRequest, request)
    }
  }

  /// Lends a reconciler under the appliance's lock.
  public func locked<Value: Sendable>(
    _ purpose: String, _ body: (Reconciler) async throws -> Value
  ) async throws -> Value {
    try requireTrusted()
    for folder in paths.folders { try PrivateFolder.create(folder) }
    let lock = try FileLock(acquiring: paths.lock, purpose: purpose)
    let store = try TimelineStore(path: paths.timelineFile)
    let reconciler = reconciler(store: store, applied: try applied(), isReview: false)
    try await reconciler.recover()
    let value = try await body(reconciler)
    try store.close()
    _ = consume lock
    return value
  }

  /// The commit that the branch is at, accepted or not.
  public func tip() async throws -> String? { try await source.tip() }

  /// What the source was accepted at, without the lock.
  public func trust() throws -> SourceTrust? { try SourceTrustFiles(paths).read() }

  private func requireTrusted() throws {
    try RootRefusal.require(environment: ProcessEnvironment.settings)
    umask(0o077)
    try PrivateFolder.requireTrusted(paths.state)
    try PrivateFolder.requireTrustedFile(paths.bootstrapFile)
    try PrivateFolder.requireTrustedFile(paths.environmentFile)
  }

  private func applied() throws -> AppliedState { try ReconcilerFiles(paths).appliedState() }

  /// The outcome when there is nothing to do and nothing to record: then nothing is opened for
  /// writing either. Only of what can be read in place.
  private func unchanged(_ given: SourceReply?) async throws -> PassOutcome? {
    if given == nil {
      guard try RemoteAddress(bootstrap.source.repository).transport == .file else { return nil }
    }
    let outcome = try await plan(given)
    guard outcome.kind == .noChange, let plan = outcome.plan, plan.isEmpty else { return nil }
    let applied = try applied()
    guard try ReconcilerFiles(paths).loopState().attempt == nil else { return nil }
    guard applied.serial > 0, applied.revisions.applied == plan.source.headCommit else {
      return nil
    }
    return outcome
  }

  private func reconciler(
    store: TimelineStore?, applied: AppliedState, isReview: Bool
  ) -> Reconciler {
    let appliers = Appliers.stopped(
      paths: paths, applied: applied, secrets: secrets, store: store)
    let (source, file) = (source, file)
    var outside = Reconciler.Surroundings(
      fetch: { try await source.fetch() }, peek: { try await source.peek() },
      policy: { try TrustPolicy(file.current()) })
    outside.checksHealth = false
    let audit = audit
    outside.audit = { try audit.trail.record($0, at: Date()) }
    return Reconciler(
      host: bootstrap.host, source: bootstrap.source, paths: paths, appliers: appliers,
      isReview: isReview, outside: outside)
  }
}
