// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Glibc
import Planning
import Reconciliation
import SodiumCrypto

/// The rendered `config.json`.
struct ConfigurationApplier: ResourceApplier {
  let kind = ResourceKind.configuration
  let path: String

  func observe(_ names: Set<String>, of _: LoadedState) async -> [String: Observation] {
    Dictionary(uniqueKeysWithValues: names.map { ($0, FileObservation.observe(path)) })
  }

  func apply(_: String, desired: ResourceFields?, of state: LoadedState) async throws {
    guard desired != nil else { return try DurableFile.removeIfPresent(path) }
    try DurableFile.replace(path, with: RenderedConfiguration.bytes(of: state))
  }
}

/// Files of the repository's `workspace/` folder in the agent's workspace.
struct WorkspaceApplier: ResourceApplier {
  let kind = ResourceKind.workspace
  let paths: AppliancePaths

  func observe(_ names: Set<String>, of state: LoadedState) async -> [String: Observation] {
    let root = folder(state)
    return Dictionary(
      uniqueKeysWithValues: names.map { ($0, FileObservation.observe(root + "/" + $0)) })
  }

  func apply(_ name: String, desired: ResourceFields?, of state: LoadedState) async throws {
    let path = folder(state) + "/" + name
    guard desired != nil, let file = state.workspace[name] else {
      return try DurableFile.removeIfPresent(path)
    }
    guard let slash = path.lastIndex(of: "/") else { return }
    try PrivateFolder.create(String(path[..<slash]))
    try DurableFile.replace(path, with: file.bytes, mode: file.isExecutable ? 0o700 : 0o600)
  }

  private func folder(_ state: LoadedState) -> String {
    paths.agentFolder(state.spec.agent.workspace)
  }
}

/// What a regular file looks like to a plan: digest and mode.
enum FileObservation {
  static func observe(_ path: String) -> Observation {
    do {
      guard let bytes = try DurableFile.readIfPresent(path, limit: 64 << 20) else {
        return .absent
      }
      var status = stat()
      guard lstat(path, &status) == 0 else { throw ApplianceError.system("examine", path) }
      return .present([
        "digest": .string(SHA256.digest(bytes).rawValue),
        "mode": .string(PrivateFolder.octal(status.st_mode & 0o7777)),
      ])
    } catch let error as ApplianceError {
      return .unknown(error.message)
    } catch {
      return .unknown("\(type(of: error))")
    }
  }
}
