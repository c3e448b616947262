// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DurableIO
import Foundation
import Reconciliation
import Synchronization
import TestSupport
import Timeline
import Tomb

@testable import Daemon
@testable import DesiredState

/// What stands between messages and the timeline, over a real timeline and a real audit log.
final class AccessBench: Sendable {
  /// What the supervisor has in force; changed by a test.
  final class InForce: Sendable {
    private let settings: Mutex<RuntimeSettings?>

    init(_ settings: RuntimeSettings?) { self.settings = Mutex(settings) }

    var value: RuntimeSettings? {
      get { settings.withLock { $0 } }
      set { settings.withLock { $0 = newValue } }
    }
  }

  let folder: TemporaryFolder
  let paths: AppliancePaths
  let store: TimelineStore
  let inForce: InForce
  let access: MessageAccess
  let containment: ContainmentGuard
  let audit: AuditTrail

  /// - Parameter spec: `nil` for an appliance to which nothing was applied.
  init(_ spec: ApplianceSpec? = .roomy, in folder: TemporaryFolder? = nil) throws {
    let folder = try folder ?? TemporaryFolder()
    self.folder = folder
    let paths = AppliancePaths.user(home: folder.path)
    self.paths = paths
    try PrivateFolder.create(paths.state)
    store = try TimelineStore(path: paths.timelineFile)
    let inForce = InForce(spec.map { Self.settings($0, paths: paths) })
    self.inForce = inForce
    let audit = HostAudit(paths).trail
    self.audit = audit
    let screen = SecretScreen(audit: audit, exposures: SecretExposures(paths)) { [] }
    containment = ContainmentGuard(IncidentFile(paths))
    access = MessageAccess(
      store, audit, screen, ComponentHosts.own.tools, containment,
      SkillShelf(paths)
    ) {
      inForce.value
    }
  }

  static func settings(_ spec: ApplianceSpec, paths: AppliancePaths) -> RuntimeSettings {
    RuntimeSettings(
      LoadedState(spec: spec, provenance: [:], workspace: [:], skills: [:], warnings: []),
      revision: nil,
      paths: paths)
  }

  /// The same appliance after a crash, as it is once its start is over.
  func restarted(_ spec: ApplianceSpec) async throws -> AccessBench {
    try store.close()
    let next = try AccessBench(spec, in: folder)
    try await next.store.releaseLeases(of: nil, at: Date())
    return next
  }

  /// Admits a message that must be admitted.
  func queue(_ message: InboundMessage) async throws -> MessageID {
    let admission = try await access.admit(message)
    guard case .stored(let status, _) = admission else {
      throw ApplianceError(.inconsistent, "not stored: \(admission)")
    }
    return status.id
  }

  /// Leases a message that must be there.
  func lease(_ worker: String) async throws -> Work {
    guard let work = try await store.lease(to: worker) else {
      throw ApplianceError(.inconsistent, "nothing to lease")
    }
    return work
  }

  /// Records a step as an agent does.
  func record(_ step: TurnStep, of id: MessageID, _ worker: String) async throws {
    try await store.record(try access.screened(step, of: id), of: id, by: worker)
  }

  func verdict(_ id: MessageID, _ index: Int, _ worker: String) async throws -> ToolVerdict {
    try await access.authority.verdict(on: id, index, worker: worker)
  }
}

extension ApplianceSpec {
  /// Limits that no test reaches.
  static var roomy: ApplianceSpec {
    var spec = ApplianceSpec()
    spec.senders.limits.messagesPerMinute = Count(1_000_000)
    spec.senders.limits.burst = Count(1_000_000)
    spec.senders.limits.queued = Count(1_000_000)
    spec.tools.approvals.lifetime = SpecDuration(seconds: 86_400)
    return spec
  }
}

/// Opens a bench for the time of `body`.
func withBench<Value>(
  _ spec: ApplianceSpec? = .roomy, _ body: (AccessBench) async throws -> Value
) async throws -> Value {
  let bench = try AccessBench(spec)
  do {
    let value = try await body(bench)
    try bench.store.close()
    return value
  } catch {
    try? bench.store.close()  // `try?`: the test has failed already, with the error that counts
    throw error
  }
}

/// The code of the error that `body` ends with, nil when it succeeds.
func errorCode(of body: () async throws -> Void) async -> ApplianceError.Code? {
  do {
    try await body()
    return nil
  } catch {
    return (error as? ApplianceError)?.code ?? ApplianceError.Code("\(type(of: error))")
  }
}
