// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Glibc
import Planning
import Reconciliation
import Sandbox
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

/// Files of the repository's `workspace/` folder in the agent's workspace. The agent works there
/// too, so nothing is followed out of it.
struct WorkspaceApplier: ResourceApplier {
  static let limit = 64 << 20

  let kind = ResourceKind.workspace
  let paths: AppliancePaths

  func observe(_ names: Set<String>, of state: LoadedState) async -> [String: Observation] {
    let root = folder(state)
    return Dictionary(uniqueKeysWithValues: names.map { ($0, observe($0, in: root)) })
  }

  func apply(_ name: String, desired: ResourceFields?, of state: LoadedState) async throws {
    let root = folder(state)
    guard desired != nil, let file = state.workspace[name] else {
      return try ConfinedFolder(root).removeIfPresent(name)
    }
    try PrivateFolder.create(root)
    if paths.isSystem { try ConfinedFolder.share(root) }
    let modes = paths.sharedFileModes
    try ConfinedFolder(root).write(
      name, file.bytes, mode: file.isExecutable ? modes.program : modes.file)
  }

  private func observe(_ name: String, in root: String) -> Observation {
    do {
      let found = try ConfinedFolder(root).inspect(name, limit: Self.limit)
      return .present([
        "digest": .string(SHA256.digest(found.bytes).rawValue),
        "mode": .string(PrivateFolder.octal(found.mode)),
      ])
    } catch let error as ApplianceError where error.code == .fileMissing {
      return .absent
    } catch let error as ApplianceError {
      return .unknown(error.message)
    } catch {
      return .unknown("\(type(of: error))")
    }
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
      return ownButUnreadable(path) ?? .unknown(error.message)
    } catch {
      return .unknown("\(type(of: error))")
    }
  }

  /// A file of ours whose mode forbids reading is no mystery: its mode is what drifted.
  private static func ownButUnreadable(_ path: String) -> Observation? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_uid == geteuid(),
      status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o400 == 0
    else { return nil }
    return .present(["mode": .string(PrivateFolder.octal(status.st_mode & 0o7777))])
  }
}
