// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import Daemon
import DesiredState
import DurableIO
import Foundation
import Glibc
import SodiumCrypto

/// A drill as its host sees it: it hands the repository and a key to a root of its own, and signs what
/// comes back.
struct HostDrill {
  private let paths: AppliancePaths
  private let access: RepositoryOptions
  private let snapshot: Int?
  private let folder: ScratchFolder
  private var scratch: String { folder.path }
  private let location: RepositoryLocation

  init(
    _ paths: AppliancePaths, _ access: RepositoryOptions, snapshot: Int?, scratch: String?
  ) throws {
    (self.paths, self.access, self.snapshot) = (paths, access, snapshot)
    location = try BackupHost.location(access.repository, paths)
    if let scratch { try RepositoryLocation.requireOutside(location.address, scratch) }
    // Where nobody else looks: an interrupted drill leaves what it restored.
    folder = try ScratchFolder(in: try scratch ?? ScratchFolder.parent(paths), for: .drill)
  }

  /// - Returns: The evidence, and the files in which it is.
  func run(
    evidence target: String?
  ) async throws -> (SignedEvidence, (json: String, page: String)) {
    defer { folder.remove() }
    let files = EvidenceFiles(target ?? paths.backupEvidence)
    do {
      try files.prepare()
      let signed = try await evidence()
      let names = try files.write(signed)
      let run = BackupRecord.Run(signed.evidence, address: location.address)
      try BackupRecordFile(paths).update { $0.note(run) }
      return (signed, names)
    } catch {
      var run = BackupRecord.Run(
        .drill, at: Date(), .failed, address: location.address, repository: nil,
        words: ApplianceError.of(error).message)
      run.isByRecoveryKey = access.recovery
      let failed = run
      // `try?`: why it failed is worth more than that this could not be remembered.
      try? BackupRecordFile(paths).update { $0.note(failed) }
      throw error
    }
  }

  private func evidence() async throws -> SignedEvidence {
    try DrillRoot.require()
    let key = try drillKey()
    let signer = try DrillSigner(paths).key()
    let findings = try await findings(key)
    guard let snapshot = findings.snapshot else {
      throw ApplianceError(
        .backupDrill,
        "no snapshot could be looked at: " + (findings.checks.last?.found ?? "nothing was seen"))
    }
    return try SignedEvidence(
      DrillEvidence(
        findings, snapshot: snapshot, drillHost: HostIdentity.hash,
        isByRecoveryKey: access.recovery),
      by: signer)
  }

  private func drillKey() throws -> DrillKey {
    if access.recovery { return .recovery(try BackupHost.recoveryText()) }
    return .root(try BackupHost.host(paths).rootKey())
  }

  private func findings(_ key: DrillKey) async throws -> DrillFindings {
    let repository = try await localRepository()
    let place = try DrillPlace(try manifest(repository, key))
    try place.prepare(scratch)
    let libraries = try DrillRoot.ownLibraries()
    let order = DrillOrder(
      snapshot: snapshot, knownHead: try knownHead(), writer: access.writer, libraries: libraries,
      places: place.folders.map(\.path))
    try DurableFile.replace(scratch + "/order.json", with: try ApplianceJSON.encode(order))
    let root = DrillRoot(
      repository: repository, scratch: scratch, place: place, executable: try OwnProgram.path,
      libraries: libraries)
    return try await HelperProgram.run(
      root.command(["backup", "drill-steps", DrillRoot.scratch + "/order.json"]),
      input: key.text, answer: folder.answer, as: DrillFindings.self)
  }

  /// What it says of the host that made it: the root is made like that.
  private func manifest(_ folder: String, _ key: DrillKey) throws -> BackupManifest {
    let storage = FolderStorage(path: folder)
    let repository = try BackupRepository(in: storage, root: try key.open(storage))
    try repository.require(access.writer)
    if access.recovery && access.writer == nil && access.knownHead == nil {
      Output.note(RepositoryOptions.unknown(repository))
    }
    let chain = try repository.heads()
    try chain.require(try knownHead())
    return try repository.manifest(try BackupHost.head(chain, snapshot))
  }

  /// A folder: what is elsewhere is brought here first.
  private func localRepository() async throws -> String {
    switch location {
    case .folder(let path):
      guard let resolved = PrivateFolder.resolve(path) else {
        throw ApplianceError.system("enter", path)
      }
      return resolved
    case .objects:
      let (location, copy) = (location, scratch + "/repository")
      try await BlockingWork.run("drill-fetch") {
        try RepositoryCopy.make(from: try location.storage(), to: copy)
      }
      return copy
    }
  }

  private func knownHead() throws -> KnownHead? {
    if let text = access.knownHead { return try BackupHost.head(text) }
    guard !access.recovery else { return nil }
    let host = try BackupHost.host(paths)
    return try host.knownHead(of: try host.open(location))
  }
}

extension BackupRecord.Run {
  /// What a drill is remembered by.
  init(_ evidence: DrillEvidence, address: String) {
    self.init(
      .drill, at: evidence.finished, evidence.isPassed ? .done : .failed, address: address,
      repository: evidence.repository,
      words: evidence.problem
        ?? "restored and answered in \(evidence.recoveryMilliseconds / 1_000) s, "
        + "\(evidence.checks.count) checks")
    (snapshot, snapshotTime) = (evidence.snapshot.number, evidence.snapshot.finished)
    isByRecoveryKey = evidence.isByRecoveryKey
  }
}
