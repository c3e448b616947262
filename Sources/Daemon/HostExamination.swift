// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
public import ControlAPI
import DesiredState
public import Doctor
public import DurableIO
public import FoundationEssentials
import Glibc
import Planning
import Reconciliation
public import Sandbox
import Supervision
import Timeline
import Tomb

/// Brings together what the checks look at. Opens nothing for writing.
public struct HostExamination: Sendable {
  /// What a running appliance answers; for one that does not run, all are absent.
  public struct Running: Sendable {
    public var isRunning = false
    /// `nil` where it does not answer.
    public var status: ApplianceStatus?
    public var timelineProblem: (@Sendable (_ full: Bool) async throws -> String?)?
    public var auditAnchors: (@Sendable () async throws -> [AuditAnchor])?
    public var access: (@Sendable () async throws -> GatewayAccess)?
    public var sandboxes: (@Sendable () async throws -> [SandboxProbe])?
    public var escape:
      (@Sendable (_ sandbox: SandboxConfiguration) async throws -> [EscapeFinding])?
    /// Makes what changed in the tomb take effect.
    public var reseal: (@Sendable () async throws -> Void)?

    public init() {}
  }

  private let paths: AppliancePaths
  private let running: Running

  public init(_ paths: AppliancePaths, _ running: Running) {
    (self.paths, self.running) = (paths, running)
  }

  public func host(at now: Date) async -> Host {
    HostTomb.protectMemory()
    let bootstrap = Host.Looked { try self.bootstrap() }
    let spec = (try? bootstrap.get()) ?? nil  // `try?`: the error stays in `bootstrap`
    let (desired, issues) = await desired(spec)
    var host = Host(
      paths: paths, now: now, user: geteuid(), environment: environment, bootstrap: bootstrap,
      desired: desired, status: running.status, isRunning: running.isRunning,
      tomb: Host.Looked { try HostTomb.store(paths, spec?.tomb ?? TombSpec(), asks: false) },
      trail: HostAudit(paths).trail, acts: acts(spec))
    host.desiredIssues = issues
    return host
  }

  private func bootstrap() throws -> BootstrapSpec? {
    guard let bytes = try DurableFile.readIfPresent(paths.bootstrapFile, limit: 1 << 20) else {
      return nil
    }
    let (spec, issues) = BootstrapSpec.read(bytes, file: paths.bootstrapFile)
    guard let spec else {
      throw ApplianceError(
        .bootstrapInvalid, issues.map(\.description).joined(separator: "\n"),
        hint: "repair \(paths.bootstrapFile)")
    }
    return spec
  }

  /// What was applied last; before the first apply, the source's tip.
  private func desired(
    _ spec: BootstrapSpec?
  ) async -> (Host.Looked<LoadedState?>, [ValidationIssue]) {
    do {
      if let bundle = try BundleStore(paths).current() { return (.success(bundle.state), []) }
      guard let spec else { return (.success(nil), []) }
      let source = DesiredStateSource(
        bootstrap: BootstrapFile(fixed: spec), paths: paths,
        overrides: ProcessEnvironment.overrides, tomb: spec.tomb)
      switch try await source.peek().outcome {
      case .valid(let state): return (.success(state), [])
      case .invalid(let issues): return (.success(nil), issues)
      }
    } catch {
      return (.failure(ApplianceError.of(error)), [])
    }
  }

  /// Of the token variable only that it is set.
  private var environment: [String: String] {
    var names = ProcessEnvironment.settings
    for variable in EnvironmentOverrides.variables {
      guard let value = ProcessEnvironment.override(variable), !value.isEmpty else { continue }
      names[variable] = variable == "KAFCLAW_GATEWAY_AUTH_TOKEN" ? "set" : value
    }
    names["KAFCLAW_OAUTH_TOMB_FILE"] = ProcessEnvironment.value(of: "KAFCLAW_OAUTH_TOMB_FILE")
    return names
  }

  private func acts(_ spec: BootstrapSpec?) -> Host.Acts {
    let (paths, running) = (paths, running)
    let secrets = SecretResolver(paths, spec?.tomb ?? TombSpec(), asks: false)
    let audit = HostAudit(paths)
    var acts = Host.Acts(
      resolve: { try secrets.resolveForExamination($0) },
      folderProblems: { HostFolders.refusals($0, paths: paths).map(\.message) },
      timelineProblem: { full in
        if let ask = running.timelineProblem { return try await ask(full) }
        return try TimelineInspection.problem(path: paths.timelineFile, full: full)
      },
      generateToken: {
        guard let store = try secrets.tokenStore() else {
          throw ApplianceError(
            .tombMissing, "there is no tomb to keep a token in", hint: "kafclaw tomb init")
        }
        let token = try store.generate(
          ClientToken.sharedName, scopes: TokenScope.shared, expires: nil, at: Date())
        try await running.reseal?()
        return token
      },
      tokens: { try secrets.tokenStore()?.read() },
      access: {
        guard let ask = running.access else {
          throw ApplianceError(.notRunningHere, "no appliance is running", hint: "kafclaw run")
        }
        let access = try await ask()
        return (access.url, SecretValue(copying: Array(access.token.utf8)))
      },
      record: { try audit.note(.repairHost, $0, $1, $2) })
    acts.liveSecrets = {
      let state = try BundleStore(paths).current()?.state
      let references = state.map { SecretReferences.all(in: $0.spec).map(\.reference) } ?? []
      return try secrets.liveSecrets(references)
    }
    let tools = OwnToolProcesses(environment: ProcessEnvironment.ofChildren)
    // Where commands run in a unit of their own, that one is to be looked at, not this process.
    acts.sandboxes = {
      if let ask = running.sandboxes { return try await ask() }
      let order = ToolOrder.probe([.podman, .docker, .bubblewrap])
      guard case .probes(let probes) = try await tools.ask(order, within: .seconds(180)) else {
        throw ToolReply.unexpected
      }
      return probes
    }
    acts.escape = { sandbox in
      if let ask = running.escape { return try await ask(sandbox) }
      guard
        case .findings(let findings) = try await tools.ask(
          .escape(sandbox), within: .seconds(180))
      else { throw ToolReply.unexpected }
      return findings
    }
    acts.auditAnchors = {
      if let ask = running.auditAnchors { return try await ask() }
      return try audit.storedAnchors()
    }
    return acts
  }
}

extension ApplianceError.Code {
  /// Something was asked of an appliance that does not run.
  static let notRunningHere = Self("control.not-running")
}

extension Result where Failure == ApplianceError {
  fileprivate init(_ body: () throws -> Success) {
    do { self = .success(try body()) } catch { self = .failure(ApplianceError.of(error)) }
  }
}
