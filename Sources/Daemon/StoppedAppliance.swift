// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
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
  private let source: DesiredStateSource
  /// One for the whole command: reading a variable takes it out of the environment.
  private let secrets: SecretResolver

  public init(paths: AppliancePaths, bootstrap: BootstrapSpec, overrides: EnvironmentOverrides) {
    self.paths = paths
    self.bootstrap = bootstrap
    secrets = SecretResolver(environmentFile: paths.environmentFile)
    source = DesiredStateSource(bootstrap: bootstrap, paths: paths, overrides: overrides)
  }

  /// What an apply would do. Opens nothing for writing.
  ///
  /// - Parameter given: The state to plan; the configured source's tip without.
  public func plan(_ given: SourceReply?) async throws -> PassOutcome {
    let applied = try ReconcilerFiles(paths).appliedState()
    let appliers = Appliers.stopped(
      paths: paths, applied: applied, secrets: secrets, store: nil)
    let isHost = FileManager.default.fileExists(atPath: paths.bootstrapFile)
    return await reconciler(appliers, isReview: !isHost) { try await source.peek() }.plan(given)
  }

  /// Applies under the appliance's lock.
  ///
  /// - Parameter given: An unverified state with the reason it is applied; without, the configured
  ///   source's tip.
  public func apply(
    _ given: (reply: SourceReply, reason: String)?
  ) async throws -> PassOutcome {
    try RootRefusal.require(environment: ProcessEnvironment.settings)
    umask(0o077)
    try PrivateFolder.requireTrusted(paths.state)
    try PrivateFolder.requireTrustedFile(paths.bootstrapFile)
    try PrivateFolder.requireTrustedFile(paths.environmentFile)
    if let unchanged = try await unchanged(given?.reply) { return unchanged }
    for folder in paths.folders { try PrivateFolder.create(folder) }
    let lock = try FileLock(acquiring: paths.lock, purpose: "kafclaw apply")
    let store = try TimelineStore(path: paths.timelineFile)
    let applied = try ReconcilerFiles(paths).appliedState()
    let appliers = Appliers.stopped(
      paths: paths, applied: applied, secrets: secrets, store: store)
    let reconciler = reconciler(appliers) { try await source.fetch() }
    let outcome: PassOutcome
    if let given {
      outcome = await reconciler.apply(given.reply, justification: given.reason)
    } else {
      outcome = await reconciler.pass(.operatorRequest)
    }
    try store.close()
    _ = consume lock
    return outcome
  }

  /// The outcome when there is nothing to do and nothing to record: then nothing is opened for
  /// writing either.
  private func unchanged(_ given: SourceReply?) async throws -> PassOutcome? {
    let outcome = try await plan(given)
    guard outcome.kind == .noChange, let plan = outcome.plan, plan.isEmpty else { return nil }
    let applied = try ReconcilerFiles(paths).appliedState()
    guard applied.serial > 0, applied.revisions.applied == plan.source.headCommit else {
      return nil
    }
    return outcome
  }

  private func reconciler(
    _ appliers: [any ResourceApplier], isReview: Bool = false, fetch: @escaping Reconciler.Fetch
  ) -> Reconciler {
    Reconciler(
      host: bootstrap.host, source: bootstrap.source, paths: paths, appliers: appliers,
      isReview: isReview, fetch: fetch, health: {})
  }
}
