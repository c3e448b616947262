// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import Daemon
import DesiredState
import DurableIO
import Foundation
import SodiumCrypto

/// A drill, from the repository and its key to the answer of the restored appliance. Each step that
/// fails is a check that is wrong, and those after it are not made.
struct DrillSteps {
  private let order: DrillOrder
  private let key: DrillKey
  private(set) var findings: DrillFindings
  private let clock = ContinuousClock()

  private var storage: any BackupStorage { FolderStorage(path: DrillRoot.repository) }

  init(_ order: DrillOrder, _ key: DrillKey) {
    (self.order, self.key) = (order, key)
    findings = DrillFindings(at: Date())
  }

  mutating func run() async {
    do {
      try lookAround()
      let began = clock.now
      let (repository, root, head) = try open()
      let manifest = try restore(repository, head)
      try examine(manifest)
      let appliance = try substitute(manifest)
      try await plan(appliance)
      try await boot(appliance)
      findings.recoveryMilliseconds = Self.milliseconds(clock.now - began)
      try control(root, head.sequence)
    } catch {
      let error = ApplianceError.of(error)
      if findings.checks.allSatisfy(\.isRight) {
        findings.checks.append(
          .init("drill", expected: "done", found: "\(error.code.rawValue): \(error.message)"))
      }
    }
    findings.finished = Date()
  }

  // MARK: Steps

  /// What is there before anything is restored: nothing of another host.
  private mutating func lookAround() throws {
    findings.entries = try FileManager.default.contentsOfDirectory(atPath: "/").sorted()
    findings.programHash = try Self.hashOfProgram()
    let expected = order.libraries + order.places
    let strange = ["/root", "/home", "/srv", "/var", "/opt", "/boot", "/mnt", "/run/systemd"]
      .filter { path in
        FileManager.default.fileExists(atPath: path)
          && !expected.contains { ($0 + "/").hasPrefix(path + "/") }
      }
    check("root.strange", "none", strange.isEmpty ? "none" : strange.joined(separator: ", "))
    let links = try String(contentsOfFile: "/proc/net/dev", encoding: .utf8)
      .split(separator: "\n").dropFirst(2)
      .compactMap { $0.split(separator: ":").first?.trimmingCharacters(in: .whitespaces) }
    check("root.network", "lo", links.joined(separator: ", "))
  }

  private mutating func open() throws -> (BackupRepository, SecretKey, BackupHead) {
    try phase("open") { steps in
      let root = try steps.key.open(steps.storage)
      let repository = try BackupRepository(in: steps.storage, root: root)
      (steps.findings.repository, steps.findings.writer) = ("\(repository.id)", repository.writer)
      try repository.require(steps.order.writer)
      let chain = try repository.heads()
      try chain.require(steps.order.knownHead)
      steps.findings.head = chain.newest?.description ?? ""
      let report = try RepositoryCheck.run(repository, level: .manifest)
      steps.check(
        "repository.records", "intact",
        report.damages.first.map { "\($0.file): \($0.problem)" } ?? "intact")
      guard let wanted = steps.order.snapshot else { return (repository, root, try chain.latest()) }
      guard let head = chain.snapshot(wanted) else {
        throw ApplianceError(.backupRepository, "there is no snapshot \(wanted)")
      }
      return (repository, root, head)
    }
  }

  private mutating func restore(
    _ repository: BackupRepository, _ head: BackupHead
  ) throws -> BackupManifest {
    try phase("restore") { steps in
      let chain = try repository.heads()
      steps.findings.snapshot = .init(try repository.manifest(head))
      let restore = try SnapshotRestore(repository, chain, sequence: head.sequence)
      let restored = DrillRoot.scratch + "/restored"
      let manifest = try restore.write(to: restored)
      let compared = try restore.compare(restored)
      try DrillPlace(manifest).take(restored, in: DrillRoot.scratch)
      steps.check("files.content", "\(restore.chunks) chunks", "\(compared) chunks")
      return manifest
    }
  }

  private mutating func examine(_ manifest: BackupManifest) throws {
    try phase("examine") { steps in
      for result in RestoredCheck.run(manifest, try DrillPlace(manifest).paths) {
        steps.check(result.name, result.expected, result.found)
      }
    }
  }

  private mutating func substitute(_ manifest: BackupManifest) throws -> DrillAppliance {
    try phase("substitute") { steps in
      var substitution = try DrillSubstitution(manifest)
      let appliance = try substitution.run()
      steps.findings.substitutions = substitution.made
      return appliance
    }
  }

  private mutating func plan(_ appliance: DrillAppliance) async throws {
    try await phase("plan") { steps in
      let verified = try await appliance.run(["tomb", "verify"])
      steps.check("tomb.intact", "exit code 0", verified.words)
      let planned = try await appliance.run(["apply", "--dry-run", "--exit-code"])
      steps.check("plan", "exit code 0", planned.words)
    }
  }

  private mutating func boot(_ appliance: DrillAppliance) async throws {
    let running = try await phase("boot") { steps in
      let running = try appliance.start(substitutes: DrillSubstitution.ofBoot)
      let status = try await running.ready(within: .seconds(90))
      steps.check("status", "ready", status)
      guard status == "ready" else {
        running.kill()
        throw ApplianceError(.backupDrill, "the restored appliance is not ready")
      }
      return running
    }
    defer { running.kill() }
    try await phase("answer") { steps in
      let access = try await running.access()
      let right = try await DrillGateway.answer(of: access.url, token: access.token)
      steps.check("authenticate", "let in", right)
      let wrong = try await DrillGateway.answer(
        of: access.url, token: String(access.token.reversed()))
      steps.check("authenticate.wrong-token", "refused", wrong)
      let reply = try await appliance.run(["chat", "-m", "drill"])
      let isAnswered = reply.code == 0 && !reply.output.isEmpty
      steps.check("chat", "answered", isAnswered ? "answered" : reply.words)
    }
    try await phase("stop") { steps in
      steps.check("stop", "exit code 0", await running.stop())
    }
  }

  private mutating func control(_ root: SecretKey, _ snapshot: Int) throws {
    try phase("control") { steps in
      steps.findings.checks += try NegativeControl.run(
        steps.storage, root: root, snapshot: snapshot, target: DrillRoot.scratch + "/control")
    }
  }

  // MARK: Keeping the record

  private mutating func check(_ name: String, _ expected: String, _ found: String) {
    findings.checks.append(.init(name, expected: expected, found: VisibleText.escape(found)))
  }

  private mutating func phase<Value>(
    _ name: String, _ body: (inout DrillSteps) throws -> Value
  ) throws -> Value {
    let began = clock.now
    defer {
      findings.phases.append(.init(name, milliseconds: Self.milliseconds(clock.now - began)))
    }
    Progress.note("\(name) …")
    do { return try body(&self) } catch { throw failed(name, error) }
  }

  private mutating func phase<Value>(
    _ name: String, _ body: (inout DrillSteps) async throws -> Value
  ) async throws -> Value {
    let began = clock.now
    defer {
      findings.phases.append(.init(name, milliseconds: Self.milliseconds(clock.now - began)))
    }
    Progress.note("\(name) …")
    do { return try await body(&self) } catch { throw failed(name, error) }
  }

  private mutating func failed(_ name: String, _ error: any Error) -> any Error {
    let found = ApplianceError.of(error)
    check(name, "done", "\(found.code.rawValue): \(found.message)")
    return error
  }

  private static func milliseconds(_ duration: Duration) -> Int {
    Int(duration.components.seconds) * 1_000
      + Int(duration.components.attoseconds / 1_000_000_000_000_000)
  }

  private static func hashOfProgram() throws -> String {
    let file = try Descriptor(opening: "/proc/self/exe", O_RDONLY)
    let hash = ContentHash()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(file.number, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw ApplianceError.system("read", "/proc/self/exe") }
      guard count > 0 else { return hash.value().hexadecimal }
      buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }
}
