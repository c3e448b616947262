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
  private let scratch: String
  private let location: RepositoryLocation

  init(
    _ paths: AppliancePaths, _ access: RepositoryOptions, snapshot: Int?, scratch: String?
  ) throws {
    (self.paths, self.access, self.snapshot) = (paths, access, snapshot)
    let parent = scratch ?? FileManager.default.temporaryDirectory.path
    self.scratch = "\(parent)/kafclaw-drill-\(SecureRandom.hexadecimal(bytes: 8))"
    location = try BackupHost.location(access.repository, paths)
  }

  /// - Returns: The evidence, and the files in which it is.
  func run(
    evidence folder: String?
  ) async throws -> (SignedEvidence, (json: String, page: String)) {
    let key = try drillKey()
    let signer = try DrillSigner(paths).key()
    try PrivateFolder.create(scratch)
    // `try?`: a copy that is left over is private, and what was seen counts.
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let findings: DrillFindings
    do { findings = try await self.findings(key) } catch {
      let run = BackupRecord.Run(
        at: Date(), .failed, repository: nil, words: ApplianceError.of(error).message)
      // `try?`: why it failed is worth more than that this could not be remembered.
      try? BackupRecordFile(paths).update { $0.note(.drill, run) }
      throw error
    }
    guard let snapshot = findings.snapshot else {
      throw ApplianceError(
        .backupDrill,
        "no snapshot could be looked at: " + (findings.checks.last?.found ?? "nothing was seen"))
    }
    let evidence = DrillEvidence(
      findings, snapshot: snapshot, isByRecoveryKey: access.recovery)
    let signed = try SignedEvidence(evidence, by: signer)
    let files = try EvidenceFiles(folder ?? paths.backupEvidence).write(signed)
    try record(evidence)
    return (signed, files)
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
      repository: DrillRoot.repository, scratch: DrillRoot.scratch, root: .bubblewrap,
      drillHost: HostIdentity.hash, snapshot: snapshot, knownHead: try knownHead(),
      writer: access.writer, libraries: libraries, places: place.folders.map(\.path))
    try DurableFile.replace(scratch + "/order.json", with: try ApplianceJSON.encode(order))
    guard let executable = PrivateFolder.resolve("/proc/self/exe") else {
      throw ApplianceError.system("find", "/proc/self/exe")
    }
    let root = DrillRoot(
      repository: repository, scratch: scratch, place: place, executable: executable,
      libraries: libraries)
    return try await HelperProgram.run(
      root.command(["backup", "drill-steps", DrillRoot.scratch + "/order.json"]),
      input: key.text, as: DrillFindings.self)
  }

  /// What it says of the host that made it: the root is made like that.
  private func manifest(_ folder: String, _ key: DrillKey) throws -> BackupManifest {
    let storage = FolderStorage(path: folder)
    let repository = try BackupRepository(in: storage, root: try key.open(storage))
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

  private func record(_ evidence: DrillEvidence) throws {
    let run = BackupRecord.Run(evidence)
    try BackupRecordFile(paths).update { $0.note(.drill, run) }
  }
}

extension BackupRecord.Run {
  /// What a drill is remembered by.
  init(_ evidence: DrillEvidence) {
    self.init(
      at: evidence.finished, evidence.isPassed ? .done : .failed, repository: evidence.repository,
      snapshot: evidence.snapshot.number, level: "drill",
      isByRecoveryKey: evidence.isByRecoveryKey,
      words: evidence.problem
        ?? "restored and answered in \(evidence.recoveryMilliseconds / 1_000) s, "
        + "\(evidence.checks.count) checks")
  }
}
