// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Daemon
import DesiredState
import DurableIO
import GitSource
import Reconciliation

/// A path on the command line: a folder with `kafclaw.yaml`, or a bare git repository.
enum DesiredStateArgument {
  /// - Throws: `io.missing` when nothing is there.
  static func read(
    _ path: String, bootstrap: BootstrapSpec, paths: AppliancePaths
  ) async throws -> SourceReply {
    let source = DesiredStateSource(
      bootstrap: try Bootstrap.file(paths, bootstrap), paths: paths,
      overrides: ProcessEnvironment.overrides, tomb: bootstrap.tomb)
    if isBareRepository(path) { return try await source.peek(at: path) }
    let loader = DesiredStateLoader(
      host: bootstrap.host, overrides: ProcessEnvironment.overrides)
    return SourceReply(revision: nil, outcome: loader.load(try tree(path)).reviewed)
  }

  static func tree(_ path: String) throws -> SourceTree {
    try FolderReader.read(path, entries: DesiredStateLoader.entries)
  }

  static func isBareRepository(_ path: String) -> Bool {
    ["HEAD", "objects", "refs"].allSatisfy { PrivateFolder.resolve("\(path)/\($0)") != nil }
      && PrivateFolder.resolve("\(path)/\(DesiredStateLoader.mainFile)") == nil
  }
}

/// The desired state that a question is about.
enum StateArgument {
  /// - Parameter path: `nil` for the state that is applied, or else the configured source.
  /// - Returns: The state and its commit.
  static func loaded(
    _ path: String?, _ paths: AppliancePaths
  ) async throws -> (LoadedState, String?) {
    if path == nil, let bundle = try BundleStore(paths).current() {
      return (bundle.state, bundle.revision?.commit)
    }
    let bootstrap = path == nil ? try Bootstrap.require(paths) : try Bootstrap.orDefault(paths)
    let reply: SourceReply
    if let path {
      reply = try await DesiredStateArgument.read(path, bootstrap: bootstrap, paths: paths)
    } else {
      reply = try await DesiredStateSource(
        bootstrap: try Bootstrap.file(paths, bootstrap), paths: paths,
        overrides: ProcessEnvironment.overrides, tomb: bootstrap.tomb
      ).peek()
    }
    switch reply.outcome {
    case .valid(let state): return (state, reply.revision?.commit)
    case .invalid(let issues):
      for issue in issues { Output.note(issue.description) }
      throw CommandExit(code: 11)
    }
  }
}
