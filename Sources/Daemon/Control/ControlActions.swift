// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
import ControlAPI
import DesiredState
import DurableIO
import FoundationEssentials
import Glibc
import Planning
import Reconciliation
import Sandbox
import Supervision
import Timeline

extension ApplianceError.Code {
  /// Unverified files need a stated reason.
  public static let reasonRequired = Self("apply.reason-required")
  /// The appliance has no desired state yet.
  public static let nothingApplied = Self("apply.nothing-applied")
}

/// What operators can ask of a running appliance.
struct ControlActions: Sendable {
  let paths: AppliancePaths
  let bootstrap: BootstrapFile
  let reconciler: Reconciler
  let historyLog: ReconcileHistory
  let source: DesiredStateSource
  let desk: ApprovalDesk
  let sandbox: SandboxDesk
  let shelf: SkillShelf
  let statusReport: @Sendable () async -> ApplianceStatus
  let store: TimelineStore
  let gateway: ComponentSupervisor
  let secrets: CurrentSecrets
  let operatorToken: SecretValue
  let audit: AuditTrail
  /// Rung when a text may be due.
  let due: WakeSignal
  let incidents: IncidentDesk
  let sessions: DashboardSessions
  let plans: SharedPlan
  let opening: StageGate
  let runtimeSettings: @Sendable () async -> RuntimeSettings?
  /// Ends the appliance in order.
  let stopAppliance: @Sendable () -> Void

  /// Whoever may open the control socket.
  ///
  /// - Parameter caller: The user that the kernel names.
  static func actor(_ caller: UInt32?) -> String { "operator:\(caller ?? geteuid())" }

  func status() async -> ApplianceStatus { await statusReport() }

  func history() throws -> HistoryResponse {
    HistoryResponse(entries: try historyLog.newest(50))
  }

  func reconcile() async -> PassOutcome { await reconciler.pass(.operatorRequest) }

  func plan(_ request: ControlRequest) async throws -> PassOutcome {
    let given: SourceReply? =
      if let tree = request.tree { try await source.read(tree) } else { nil }
    return await reconciler.plan(given, acknowledging: request.acknowledged)
  }

  func apply(_ request: ControlRequest) async throws -> PassOutcome {
    var wanted = Reconciler.Request(
      justification: nil, reviewed: request.plan, acknowledged: request.acknowledged)
    guard let tree = request.tree else { return await reconciler.pass(.operatorRequest, wanted) }
    guard let reason = request.reason, !reason.isEmpty else {
      throw ApplianceError(
        .reasonRequired, "a folder is applied only with --unverified and a reason",
        hint: "kafclaw apply PATH --unverified --reason TEXT")
    }
    wanted.justification = reason
    return await reconciler.apply(try await source.read(tree), wanted)
  }

  func suspend(_ request: HoldRequest) async throws -> LoopState {
    try await reconciler.suspend(
      reason: request.reason ?? "", until: request.until ?? .distantPast)
  }

  func resume(_ request: HoldRequest) async throws -> LoopState {
    try await reconciler.resume(release: request.target)
  }

  func rollback(_ request: HoldRequest) async throws -> PassOutcome {
    await reconciler.rollback(
      to: request.target, reason: request.reason ?? "", until: request.until ?? .distantPast)
  }

  func accept(_ request: SourceAcceptance) async throws -> SourceTrust {
    let spec = try bootstrap.current()
    try await request.requireTip(spec) { try await source.tip() }
    return try await reconciler.changeTrust { try request.apply(to: $0, spec, at: Date()) }
  }

  /// Lets what changed in the tomb take effect now.
  func reseal() async throws -> ApplianceStatus {
    if let error = await secrets.refresh().first { throw error }
    return await statusReport()
  }

  /// Looks into the timeline, which nothing but this process has open.
  func inspectTimeline(_ request: TimelineRequest) async throws -> TimelineReport {
    TimelineReport(problem: try await store.problem(full: request.full))
  }

  /// Copies the timeline, which nothing but this process has open, to where backups read it.
  func captureTimeline() async throws -> TimelineReport {
    try PrivateFolder.create(paths.backupStaging)
    try await store.capture(to: paths.backupStaging + "/timeline.db")
    return TimelineReport(problem: nil)
  }

  func approvals(_ request: ApprovalsRequest) async throws -> ApprovalsResponse {
    ApprovalsResponse(approvals: try await desk.list(request.state))
  }

  /// The word of whoever may open the control socket.
  ///
  /// - Parameter caller: The user that the kernel names.
  func decide(
    _ request: ApprovalDecision, by caller: UInt32?
  ) async throws -> ApprovalsResponse {
    let word = ApprovalWord(
      id: request.id, isApproved: request.isApproved, by: "operator:\(caller ?? geteuid())",
      uses: request.uses, note: request.note)
    return ApprovalsResponse(approvals: [try await desk.say(word)])
  }

  /// The latest decisions about messages and calls, newest first.
  func decisions(_ request: DecisionsRequest) async throws -> DecisionsResponse {
    DecisionsResponse(
      decisions: try await store.decisions(limit: min(max(request.limit, 1), 1_000)))
  }

  /// What the sandboxes of this host do for the user of the appliance.
  func sandboxes() async throws -> SandboxReport {
    SandboxReport(probes: try await sandbox.probe([.podman, .docker, .bubblewrap]))
  }

  /// Tries to break out of a sandbox that was probed before.
  func escape(_ request: EscapeRequest) async throws -> EscapeReport {
    let probed = try await sandbox.probe([request.sandbox.backend]).map(\.configuration)
    guard probed.contains(request.sandbox) else {
      throw ApplianceError(.sandboxUnavailable, "there is no such sandbox on this host")
    }
    return EscapeReport(findings: try await sandbox.escape(request.sandbox))
  }

  func auditAnchors() async throws -> AuditAnchors {
    AuditAnchors(anchors: try await store.auditAnchors())
  }

  func access() async throws -> GatewayAccess {
    let settings = try await gatewaySettings()
    return GatewayAccess(
      url: "http://\(Self.literal(settings.host)):\(settings.port)",
      token: operatorToken.withBytes { String(decoding: $0, as: UTF8.self) })
  }

  /// Where the gateway itself says it listens: whoever holds another port must not get a secret.
  func gatewaySettings() async throws -> GatewaySettings {
    guard let report = await gateway.report(), report.isReady else {
      throw ApplianceError(
        .componentUnhealthy, "the gateway is not running", hint: "kafclaw status")
    }
    return try ApplianceJSON.decode(
      GatewaySettings.self, from: CanonicalJSON.bytes(report.settings))
  }

  /// A listening host as a client on this machine names it.
  static func literal(_ host: String) -> String {
    let name = ["0.0.0.0", "localhost"].contains(host) ? "127.0.0.1" : host
    return name == "::" ? "[::1]" : (name.contains(":") ? "[\(name)]" : name)
  }

  func desired() async throws -> LoadedState {
    guard let state = await reconciler.current.expected else {
      throw ApplianceError(
        .nothingApplied, "no desired state has been applied yet", hint: "kafclaw status")
    }
    return state
  }
}
