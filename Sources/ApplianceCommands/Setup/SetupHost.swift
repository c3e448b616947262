// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Daemon
import DurableIO
import Foundation
import Glibc
import Tomb

/// The host that is set up. Root writes what the appliance must not change; everything else is done
/// as the appliance's own user.
struct SetupHost {
  private static let user = "kafclaw"
  private static let unit = "kafclaw.service"

  private let paths: AppliancePaths
  private let options: GlobalOptions
  let isSystem: Bool

  /// - Throws: `process.root` for root without the package.
  init(_ options: GlobalOptions) throws {
    self.options = options
    paths = try options.paths
    isSystem = paths.isSystem
    if !isSystem { try RootRefusal.require(environment: ProcessEnvironment.settings) }
    guard !isSystem || geteuid() == 0 else {
      throw ApplianceError(
        .setupIncomplete, "the appliance of this host is root's to set up",
        hint: "sudo kafclaw setup; or --home DIR for one of your own")
    }
  }

  /// What the packaged file says before a setup; anything else was written by somebody.
  private static let unset = ["version:", "components:", "  start:"]

  /// - Throws: `setup.done` when `appliance.yaml` says more than the packaged one.
  func requireFree(replace: Bool) throws {
    guard !replace, let bytes = try DurableFile.readIfPresent(paths.bootstrapFile, limit: 1 << 20)
    else { return }
    let text = String(decoding: bytes, as: UTF8.self)
    let said = text.split(whereSeparator: \.isNewline).filter { line in
      !line.hasPrefix("#") && !line.allSatisfy(\.isWhitespace)
    }
    guard !said.allSatisfy({ line in Self.unset.contains { line.hasPrefix($0) } }) else { return }
    throw ApplianceError(
      .setupDone, "\"\(paths.bootstrapFile)\" was written already",
      hint: "edit it, or pass --replace")
  }

  /// - Throws: Where a new recovery key could neither be shown nor written.
  func requireRecovery(file: String?, recipient: String?) throws {
    if let recipient { _ = try Recipient(recipient) }
    guard access(paths.tombFile, F_OK) != 0, recipient == nil else { return }
    if let file, access(file, F_OK) == 0 {
      throw ApplianceError(.fileUnsafe, "\"\(file)\" is there already", hint: "name a new file")
    }
    // Output that is kept somewhere would keep the key beside what it protects.
    guard file != nil || isatty(1) == 1 else {
      throw ApplianceError(
        .setupIncomplete, "there is no terminal to show the recovery key on",
        hint: "pass --recovery-key-file FILE or --recipient RECIPIENT")
    }
  }

  /// - Returns: What stood there before.
  func write(_ bytes: [UInt8]) throws -> [UInt8]? {
    let earlier = try DurableFile.readIfPresent(paths.bootstrapFile, limit: 1 << 20)
    if !isSystem { try PrivateFolder.create(paths.configuration) }
    try put(bytes)
    Output.line("Wrote \(paths.bootstrapFile)")
    return earlier
  }

  func restore(_ earlier: [UInt8]?) throws {
    if let earlier {
      try put(earlier)
    } else {
      try DurableFile.removeIfPresent(paths.bootstrapFile)
    }
    Output.note("\(paths.bootstrapFile) is as it was before")
  }

  /// The supervisor reads it, and does not own it.
  private func put(_ bytes: [UInt8]) throws {
    guard isSystem else { return try DurableFile.replace(paths.bootstrapFile, with: bytes) }
    guard let group = getgrnam(Self.user)?.pointee.gr_gid else {
      throw ApplianceError(
        .setupIncomplete, "there is no group \(Self.user)", hint: "systemd-sysusers makes it")
    }
    try DurableFile.replace(paths.bootstrapFile, with: bytes, mode: 0o640, group: group)
  }

  /// What the first pass would do. A plan that waits for something is a plan.
  func showPlan() throws {
    let code = try program(["apply", "--dry-run"])
    guard [0, 4, 10].contains(code) else { throw CommandExit(code: code) }
    if code != 0 { Output.note("nothing is applied before that is settled") }
  }

  /// A tomb that is there stays.
  func makeTomb(recoveryKeyFile: String?, recipient: String?) throws {
    guard access(paths.tombFile, F_OK) != 0 else {
      return Output.note("there is a tomb already; its recovery key stays valid")
    }
    let known = try recipient ?? newRecoveryKey(in: recoveryKeyFile)
    let code = try program(["tomb", "init", "--recipient", known])
    guard code == 0 else { throw CommandExit(code: code) }
  }

  /// Shows or writes the key before anything is sealed to it.
  private func newRecoveryKey(in file: String?) throws -> String {
    HostTomb.protectMemory()
    let key = try RecoveryKey.random()
    guard let file else {
      RecoveryReport(key: key).render(.human)
      return key.recipient.description
    }
    let descriptor = try Descriptor(opening: file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    try key.text.withBytes { bytes in
      try descriptor.write(Array(bytes) + [UInt8(ascii: "\n")], to: file)
    }
    try descriptor.synchronize(file)
    try DurableFile.synchronizeFolder(of: file)
    Output.line("Wrote the recovery key to \(file); keep it away from this host")
    return key.recipient.description
  }

  /// Starts the service of the package.
  func start(isWanted: Bool) throws {
    guard isSystem else { return Output.line("Next: kafclaw run") }
    let hasManager = access("/run/systemd/system", F_OK) == 0
    guard isWanted, hasManager else {
      return Output.line("Next: systemctl enable --now \(Self.unit)")
    }
    for deed in ["enable", "restart"] {
      guard try run(["/usr/bin/systemctl", deed, Self.unit]) == 0 else {
        throw ApplianceError(
          .setupIncomplete, "\(Self.unit) did not start", hint: "systemctl status \(Self.unit)")
      }
    }
    Output.line("Started \(Self.unit)")
  }

  /// Runs this program again, as the appliance's user. It reads a repository that nobody has vouched
  /// for yet: apart from root's terminal, into which a process of the same session could type.
  private func program(_ arguments: [String]) throws -> Int32 {
    let home = options.home.map { ["--home", $0] } ?? []
    let drop =
      isSystem
      ? [
        "/usr/bin/setsid", "--wait", "/usr/bin/setpriv", "--reuid=\(Self.user)",
        "--regid=\(Self.user)", "--init-groups", "--no-new-privs", "--",
      ] : []
    return try run(drop + [try OwnProgram.path] + arguments + home)
  }

  private func run(_ words: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    var environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
    for (name, value) in ProcessEnvironment.settings where name != "KAFCLAW_ALLOW_ROOT" {
      environment[name] = value
    }
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch {
      throw ApplianceError(.setupIncomplete, "\(words[0]) cannot be started: \(error)")
    }
    process.waitUntilExit()
    guard process.terminationReason == .exit else {
      throw ApplianceError(
        .setupIncomplete, "\(words.last ?? "") was ended by signal \(process.terminationStatus)")
    }
    return process.terminationStatus
  }
}
