// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import DesiredState
import DurableIO
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Tomb

@testable import Doctor

/// A host for checks to look at, over a home of its own. To begin with a healthy one: `appliance.yaml`
/// is there, the desired state is the least that there can be, nothing runs, nothing ran.
///
/// Its real files lie below ``paths``; files of the operating system below ``system``, which is
/// empty. A test changes what it is about, and asks ``examine(_:)``.
struct HostBuilder: Sendable {
  let folder: TemporaryFolder
  let paths: AppliancePaths
  var now = Date()
  var user = UInt32(geteuid())
  var environment: [String: String] = [:]
  var system: SystemFiles
  var bootstrap: Host.Looked<BootstrapSpec?> = .success(nil)
  var desired: Host.Looked<LoadedState?> = .success(nil)
  var desiredIssues: [ValidationIssue] = []
  var status: ApplianceStatus?
  var isRunning = false
  /// A real one; it exists once ``TombStore/create(recovery:at:)`` was called.
  var tomb: Host.Looked<TombStore>
  /// What secret references resolve to, as in `["env:NAME": "value"]`.
  var secrets: [String: String] = [:]
  /// Keeps every secret from being looked for.
  var secretFailure: ApplianceError?
  var folderProblems: [String] = []
  var timelineProblem: Host.Looked<String?> = .success(nil)
  var tokens: Host.Looked<TokenRegistry?> = .success(nil)
  var generateToken: @Sendable () async throws -> SecretValue = {
    SecretValue(copying: Array("generated".utf8))
  }
  var access: @Sendable () async throws -> (url: String, token: SecretValue) = {
    throw ApplianceError(.init("control.not-running"), "no appliance is running")
  }
  let recorded = Recorded()

  /// The least desired state.
  static let desiredText = "version: 1\nappliance: {name: probe, incidentOwner: ops}\n"

  /// - Parameter source: Text of `source` in `appliance.yaml`, where `REPOSITORY` stands for a folder
  ///   that exists.
  init(source: String = "{repository: REPOSITORY, verify: none}") throws {
    folder = try TemporaryFolder()
    for name in ["home", "repository", "system"] { try folder.makeFolder(name) }
    paths = .user(home: folder("home"))
    system = SystemFiles(root: folder("system"))
    tomb = .success(TombStore(TombFiles(paths), SlotOpener(.local)))
    try PrivateFolder.create(paths.configuration)
    let place = source.replacing("REPOSITORY", with: folder("repository"))
    try setBootstrap("version: 1\nsource: \(place)\n")
    try desire(Self.desiredText)
  }

  /// Writes `appliance.yaml` and takes over what it says.
  mutating func setBootstrap(_ text: String) throws {
    try write(text, to: paths.bootstrapFile)
    let (spec, issues) = BootstrapSpec.read(Array(text.utf8), file: paths.bootstrapFile)
    guard let spec else { throw NotValid(issues: issues) }
    bootstrap = .success(spec)
  }

  /// Sets the desired state to a text of `kafclaw.yaml`, valid or not.
  mutating func desire(_ text: String) throws {
    let tree = SourceTree(files: ["kafclaw.yaml": SourceTree.File(bytes: Array(text.utf8))])
    switch DesiredStateLoader(host: nil, overrides: .none).load(tree) {
    case .valid(let state): (desired, desiredIssues) = (.success(state), [])
    case .invalid(let issues): (desired, desiredIssues) = (.success(nil), issues)
    }
  }

  /// Puts everything there that an appliance leaves behind: its folders, timeline, configuration,
  /// records and an audit log.
  func use() throws {
    for folder in paths.folders { try PrivateFolder.create(folder) }
    try write("", to: paths.timelineFile)
    try write("{}", to: paths.appliedState)
    if let state = try desired.get() {
      try DurableFile.replace(
        paths.renderedConfiguration, with: CanonicalJSON.bytes(state.effective))
    }
    try record(at: now.addingTimeInterval(-60))
  }

  /// Appends a record to the real audit log.
  func record(at time: Date) throws {
    let event = AuditEvent(.start, by: "operator:1000", on: "appliance", .done, at: time)
    try trail.record([event], at: time)
  }

  var trail: AuditTrail { AuditTrail(AuditFiles(paths)) }

  /// As ``use()``, and the appliance runs.
  ///
  /// - Parameter status: What it says of itself; `nil` when it does not answer.
  mutating func run(_ status: ApplianceStatus? = .healthy()) throws {
    try use()
    (isRunning, self.status) = (true, status)
  }

  /// Writes a file, and the folders above it, as the appliance does: for its own user only.
  func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
    try PrivateFolder.create(DurableFile.parentFolder(of: path))
    try DurableFile.replace(path, with: Array(text.utf8), mode: mode)
  }

  func setMode(_ mode: mode_t, of path: String) throws {
    guard chmod(path, mode) == 0 else { throw SetupFailure(what: "chmod \(path)") }
  }

  func link(_ path: String, to target: String) throws {
    guard symlink(target, path) == 0 else { throw SetupFailure(what: "link \(path)") }
  }

  func mode(of path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
  }

  struct NotValid: Error { let issues: [ValidationIssue] }
}

/// What was recorded for the audit log, in order.
final class Recorded: Sendable {
  private let lines = Mutex<[String]>([])

  /// As in `intent /path`.
  var all: [String] { lines.withLock { $0 } }

  func append(_ subject: String, _ outcome: AuditEvent.Outcome) {
    lines.withLock { $0.append("\(outcome.rawValue) \(subject)") }
  }
}

extension HostBuilder {
  var host: Host {
    var host = Host(
      paths: paths, now: now, user: user, environment: environment, bootstrap: bootstrap,
      desired: desired, status: status, isRunning: isRunning, tomb: tomb, trail: trail, acts: acts)
    (host.system, host.desiredIssues) = (system, desiredIssues)
    return host
  }

  private var acts: Host.Acts {
    let (secrets, secretFailure, recorded, folder) = (secrets, secretFailure, recorded, folder)
    let (problems, timeline, tokens) = (folderProblems, timelineProblem, tokens)
    return Host.Acts(
      resolve: { reference in
        if let secretFailure { throw secretFailure }
        guard let value = secrets[reference.description] else {
          throw ApplianceError(
            .init("secret.missing"), "\"\(reference)\" is not set", hint: "set it")
        }
        return SecretValue(copying: Array(value.utf8))
      },
      folderProblems: { _ in problems }, timelineProblem: { _ in try timeline.get() },
      generateToken: generateToken, tokens: { try tokens.get() }, access: access,
      record: { subject, outcome, _ in
        // Keeps the folder for as long as there is a host.
        withExtendedLifetime(folder) { recorded.append(subject, outcome) }
      })
  }

  /// What one check finds on this host.
  func examine(_ check: Check) async -> CheckResult { await check.run(on: host) }

  /// Carries out what `doctor --fix` would after this check.
  ///
  /// - Returns: What was done; nothing where the check found nothing.
  @discardableResult
  func repair(_ check: Check, isDryRun: Bool = false) async -> RepairReport {
    let found = Examination([await examine(check)], at: now)
    return await Repairs.carryOut(of: found, on: host, isDryRun: isDryRun) { _, _ in }
  }
}

extension ApplianceStatus {
  static func healthy(
    ready: Bool = true, conditions: [Condition] = [],
    components: [Component] = [.healthy("gateway")],
    drift: Drift = Drift()
  ) -> ApplianceStatus {
    let first = Condition(
      .ready, status: ready, reason: ready ? .converged : .notYetReconciled, message: "",
      lastTransition: Date())
    return ApplianceStatus(
      ready: ready, appliance: .init(name: "probe", incidentOwner: "ops"),
      conditions: [first] + conditions, components: components, providers: [], channels: [],
      revisions: .init(), drift: drift,
      reconcile: .init(generation: 1, observedGeneration: 1, quarantined: [], waiting: nil),
      serial: 1, checkedAt: Date())
  }
}

extension ApplianceStatus.Component {
  static func healthy(_ name: String, restarts: Int = 0) -> Self {
    Self(name: name, pid: 1, health: .healthy, configDigest: nil, restarts: restarts, message: nil)
  }
}

extension CheckResult {
  /// Whether it is a pass that looked at something.
  var isPass: Bool { status == .pass && applies }

  /// Whether there was nothing to look at.
  var isNotApplicable: Bool { status == .pass && !applies }
}
