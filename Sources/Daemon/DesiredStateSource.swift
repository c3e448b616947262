// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import DurableIO
import FoundationEssentials
import GitSource
public import Reconciliation
import Supervision

/// The configured desired-state repository, always read in a `source` process.
public struct DesiredStateSource: Sendable {
  private let bootstrap: BootstrapFile
  private let paths: AppliancePaths
  private let overrides: EnvironmentOverrides
  private let secrets: SecretResolver

  public init(
    bootstrap: BootstrapFile, paths: AppliancePaths, overrides: EnvironmentOverrides,
    tomb: TombSpec
  ) {
    self.init(
      bootstrap: bootstrap, paths: paths, overrides: overrides,
      secrets: SecretResolver(paths, tomb))
  }

  init(
    bootstrap: BootstrapFile, paths: AppliancePaths, overrides: EnvironmentOverrides,
    secrets: SecretResolver
  ) {
    self.bootstrap = bootstrap
    self.paths = paths
    self.overrides = overrides
    self.secrets = secrets
  }

  /// Fetches into the clone, judges the way to the tip, and reads it.
  public func fetch() async throws -> SourceReply {
    let spec = try bootstrap.current()
    return try await ask(try remote(spec), spec, trust: try trust(spec))
  }

  private func remote(_ spec: BootstrapSpec) throws -> SourceRequest.Place {
    let source = spec.source
    let address = try RemoteAddress(source.repository)
    return .remote(
      repository: address, access: try access(source, address), branch: source.branch,
      folder: source.path, clone: paths.clone)
  }

  /// The commit that the branch is at, whoever trusts it.
  func tip() async throws -> String? {
    let spec = try bootstrap.current()
    return try await ask(try remote(spec), spec).revision?.commit
  }

  /// Judges and reads the tip without writing anything: a local repository where it is, another
  /// one as it was fetched last.
  ///
  /// - Parameter withDocuments: Whether the reply has the files, too.
  public func peek(withDocuments: Bool = false) async throws -> SourceReply {
    let spec = try bootstrap.current()
    let source = spec.source
    let address = try RemoteAddress(source.repository)
    let place: SourceRequest.Place =
      address.transport == .file
      ? .repository(path: address.path, branch: source.branch, folder: source.path)
      : .clone(path: paths.clone, branch: source.branch, folder: source.path)
    return try await ask(
      place, spec, trust: try trust(spec), wantsDocuments: withDocuments)
  }

  /// Reads a bare repository that somebody named on the command line; nobody asks who made it.
  public func peek(at path: String) async throws -> SourceReply {
    let spec = try bootstrap.current()
    return try await ask(
      .repository(path: path, branch: spec.source.branch, folder: spec.source.path), spec)
  }

  public func read(_ tree: SourceTree) async throws -> SourceReply {
    try await ask(.tree(tree), try bootstrap.current())
  }

  /// What is trusted, and what was accepted so far.
  private func trust(_ spec: BootstrapSpec) throws -> SourceRequest.Trust {
    SourceRequest.Trust(
      policy: try TrustPolicy(spec), record: try SourceTrustFiles(paths).read(), now: Date())
  }

  private func access(_ source: SourceSpec, _ address: RemoteAddress) throws -> RemoteAccess {
    var access = RemoteAccess(
      hostKeys: source.hostKeys, username: source.username,
      certificateAuthority: source.certificateAuthority)
    if let reference = source.credential {
      let secret = RemoteSecret(try secrets.resolve(reference, for: .source))
      switch address.transport {
      case .ssh: access.credential = .sshKey(secret)
      case .https: access.credential = .token(secret)
      case .file: break
      }
    }
    try access.validate(for: address)
    return access
  }

  private func ask(
    _ place: SourceRequest.Place, _ spec: BootstrapSpec, trust: SourceRequest.Trust? = nil,
    wantsDocuments: Bool = false
  ) async throws -> SourceReply {
    let request = SourceRequest(
      place, host: spec.host, overrides: overrides, trust: trust,
      wantsDocuments: wantsDocuments)
    return try await WorkerProcess(
      .source,
      environment: ProcessEnvironment.ofChildren, limit: spec.source.timeout.duration
    ).call(request, reply: SourceReply.self)
  }
}
