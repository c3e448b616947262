// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import Daemon
import DesiredState
import DurableIO
import Foundation
import Reconciliation
import SodiumCrypto
import Tomb

/// What is another in a drill than on the host that made the snapshot, because it cannot be the same:
/// each is told in the evidence.
struct DrillSubstitution {
  /// While the appliance runs: its model answers without a network.
  static let ofBoot = ["KAFCLAW_AGENT_PROVIDER": "offline"]

  private let manifest: BackupManifest
  private let paths: AppliancePaths
  private let scratch = DrillRoot.scratch
  private(set) var made: [String] = []

  init(_ manifest: BackupManifest) throws {
    self.manifest = manifest
    paths = try DrillPlace(manifest).paths
  }

  mutating func run() throws -> DrillAppliance {
    let bootstrap = try bootstrap()
    var environment: [String: String] = [:]
    if let state = try BundleStore(paths).current()?.state {
      environment = try secrets(
        SecretReferences.all(in: state.spec).map(\.reference), bootstrap)
    }
    made.append("agent.provider: offline, once the plan was made")
    return DrillAppliance(paths: paths, scratch: scratch, environment: environment)
  }

  /// The source is the clone that was restored: what was committed since is not in the snapshot.
  private mutating func bootstrap() throws -> BootstrapSpec {
    guard let bytes = try DurableFile.readIfPresent(paths.bootstrapFile, limit: 1 << 20) else {
      throw ApplianceError(
        .backupDrill,
        "the snapshot has no appliance.yaml: its host had none, and follows no repository")
    }
    let (read, issues) = BootstrapSpec.read(bytes, file: paths.bootstrapFile)
    guard var spec = read else {
      throw ApplianceError(.malformed, issues.map(\.description).joined(separator: "; "))
    }
    let source = scratch + "/source.git"
    if FileManager.default.fileExists(atPath: paths.clone), let commit = manifest.commit {
      try FileManager.default.copyItem(atPath: paths.clone, toPath: source)
      let branch = "\(source)/refs/heads/\(spec.source.branch)"
      try PrivateFolder.create(DurableFile.parentFolder(of: branch))
      try DurableFile.replace(branch, with: Array("\(commit)\n".utf8))
      spec.source.repository = source
      spec.source.start = spec.source.verify == .none ? spec.source.start : CommitID(commit)
      spec.source.credential = nil
      made.append("source: the restored clone at \(commit)")
    }
    if spec.components.start != .own {
      spec.components.start = .own
      made.append("components: started by the supervisor")
    }
    // JSON is YAML, in which a text that is not set is left out.
    try DurableFile.replace(
      paths.bootstrapFile, with: try ApplianceJSON.encode(Self.withoutEmpty(spec.json)))
    return spec
  }

  private static func withoutEmpty(_ value: JSONValue) -> JSONValue {
    guard let members = value.objectValue else { return value }
    return .object(members.filter { $0.value != .string("") }.mapValues(withoutEmpty))
  }

  /// Random values for secrets that are in no backup.
  private mutating func secrets(
    _ references: [SecretReference], _ bootstrap: BootstrapSpec
  ) throws -> [String: String] {
    let tomb = try HostTomb.store(paths, bootstrap.tomb, asks: false)
    // `try?`: where the tomb does not open, the next step tells.
    let known = Set(((try? tomb.list()) ?? []).map(\.name))
    var environment: [String: String] = [:]
    for reference in Set(references).sorted(by: { "\($0)" < "\($1)" }) {
      switch reference {
      case .environment(let name) where !known.contains("env/\(name)"):
        environment[name] = SecureRandom.hexadecimal(bytes: 32)
      case .file(let name):
        try PrivateFolder.create(paths.credentials)
        try DurableFile.replace(
          paths.credentials + "/" + name, with: Array(SecureRandom.hexadecimal(bytes: 32).utf8))
      case .environment, .tomb: continue
      }
      made.append("\(reference): a random value")
    }
    return environment
  }
}
