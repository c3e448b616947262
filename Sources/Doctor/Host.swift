// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import AuditLog
public import ControlAPI
public import DesiredState
public import DurableIO
public import FoundationEssentials
public import Sandbox
public import Tomb

/// What checks look at: one host with its appliance, running or not. Built once for a command; what
/// cannot be read is kept as the error it gave.
public struct Host: Sendable {
  public typealias Looked<Value: Sendable> = Result<Value, ApplianceError>

  public let paths: AppliancePaths
  public let now: Date
  /// Files of the operating system.
  public var system = SystemFiles()
  /// The numeric user of the command.
  public let user: UInt32
  /// Variables of the command's environment that the product looks at and that are no secret.
  public let environment: [String: String]
  /// `appliance.yaml`; a success with `nil` where there is none.
  public let bootstrap: Looked<BootstrapSpec?>
  /// The desired state: what was applied last, or before the first apply the source's tip; a success
  /// with `nil` where there is neither.
  public let desired: Looked<LoadedState?>
  /// What is wrong with the desired state where it is not valid.
  public var desiredIssues: [ValidationIssue] = []
  /// What the running appliance says of itself; `nil` where none runs, or it does not answer.
  public let status: ApplianceStatus?
  /// Whether a process holds the appliance's lock.
  public let isRunning: Bool
  public let tomb: Looked<TombStore>
  public let trail: AuditTrail
  public let acts: Acts

  /// What only the composition of the appliance can do.
  public struct Acts: Sendable {
    /// - Throws: `secret.missing`, and what keeps the place of the secret from being read.
    public var resolve: @Sendable (SecretReference) throws -> SecretValue
    /// Why folders of the agent are not apart from sensitive paths, links resolved.
    public var folderProblems: @Sendable (ApplianceSpec) -> [String]
    /// Looks into `timeline.db`: through the running appliance, or read-only; `nil` when it is
    /// intact. `full` reads everything.
    public var timelineProblem: @Sendable (_ full: Bool) async throws -> String?
    /// The seals of the audit log that the timeline remembers; `nil` where nothing does.
    public var auditAnchors: @Sendable () async throws -> [AuditAnchor]? = { nil }
    /// Every secret that is live, by the name people know it by.
    public var liveSecrets: @Sendable () throws -> [(name: String, value: SecretValue)] = { [] }
    /// What the sandboxes of this host do for the user of this command.
    public var sandboxes: @Sendable () async throws -> [SandboxProbe] = { [] }
    /// Tries to get out of a sandbox.
    public var escape: @Sendable (SandboxConfiguration) async throws -> [EscapeFinding] = { _ in
      []
    }
    /// Makes the token of the shared client; shown once.
    public var generateToken: @Sendable () async throws -> SecretValue
    /// What is known of the gateway's tokens; `nil` where there is no tomb.
    public var tokens: @Sendable () throws -> TokenRegistry?
    /// Address of the API and a token for it.
    public var access: @Sendable () async throws -> (url: String, token: SecretValue)
    /// Records what an operator does: intent before it, and how it ended.
    public var record:
      @Sendable (_ subject: String, _ outcome: AuditEvent.Outcome, _ details: [String: String])
        throws -> Void

    public init(
      resolve: @escaping @Sendable (SecretReference) throws -> SecretValue,
      folderProblems: @escaping @Sendable (ApplianceSpec) -> [String],
      timelineProblem: @escaping @Sendable (_ full: Bool) async throws -> String?,
      generateToken: @escaping @Sendable () async throws -> SecretValue,
      tokens: @escaping @Sendable () throws -> TokenRegistry?,
      access: @escaping @Sendable () async throws -> (url: String, token: SecretValue),
      record:
        @escaping @Sendable (
          _ subject: String, _ outcome: AuditEvent.Outcome, _ details: [String: String]
        ) throws -> Void
    ) {
      (self.resolve, self.folderProblems) = (resolve, folderProblems)
      (self.timelineProblem, self.generateToken) = (timelineProblem, generateToken)
      (self.tokens, self.access, self.record) = (tokens, access, record)
    }
  }

  public init(
    paths: AppliancePaths, now: Date, user: UInt32, environment: [String: String],
    bootstrap: Looked<BootstrapSpec?>, desired: Looked<LoadedState?>, status: ApplianceStatus?,
    isRunning: Bool, tomb: Looked<TombStore>, trail: AuditTrail, acts: Acts
  ) {
    (self.paths, self.now, self.user, self.environment) = (paths, now, user, environment)
    (self.bootstrap, self.desired, self.status) = (bootstrap, desired, status)
    (self.isRunning, self.tomb, self.trail, self.acts) = (isRunning, tomb, trail, acts)
  }

  /// The desired state's values.
  ///
  /// - Throws: What kept it from being read.
  var spec: ApplianceSpec? { get throws { try desired.get()?.spec } }

  /// The tomb, where there is one.
  ///
  /// - Throws: What keeps it from being looked at.
  var presentTomb: TombStore? {
    get throws {
      let tomb = try tomb.get()
      return try tomb.exists ? tomb : nil
    }
  }
}
