// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import DurableIO
import GitSource
public import Reconciliation
import Supervision

/// The configured desired-state repository, always read in a `source` process.
public struct DesiredStateSource: Sendable {
  private let bootstrap: BootstrapSpec
  private let paths: AppliancePaths
  private let overrides: EnvironmentOverrides

  public init(bootstrap: BootstrapSpec, paths: AppliancePaths, overrides: EnvironmentOverrides) {
    self.bootstrap = bootstrap
    self.paths = paths
    self.overrides = overrides
  }

  /// Fetches into the clone and reads the tip.
  public func fetch() async throws -> SourceReply {
    let source = bootstrap.source
    return try await ask(
      .remote(
        repository: source.repository, branch: source.branch, folder: source.path,
        clone: paths.clone))
  }

  /// Reads the tip where it is, without writing anything.
  public func peek() async throws -> SourceReply {
    let source = bootstrap.source
    return try await ask(
      .repository(
        path: try GitReader.localPath(of: source.repository), branch: source.branch,
        folder: source.path))
  }

  /// Reads a bare repository that somebody named on the command line.
  public func peek(at path: String) async throws -> SourceReply {
    try await ask(
      .repository(path: path, branch: bootstrap.source.branch, folder: bootstrap.source.path))
  }

  public func read(_ tree: SourceTree) async throws -> SourceReply { try await ask(.tree(tree)) }

  private func ask(_ place: SourceRequest.Place) async throws -> SourceReply {
    let request = SourceRequest(place, host: bootstrap.host, overrides: overrides)
    return try await SourceProcess(environment: ProcessEnvironment.ofChildren)
      .call(request, reply: SourceReply.self)
  }
}
