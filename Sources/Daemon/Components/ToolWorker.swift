// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DurableIO
import Glibc
import Sandbox
import SodiumCrypto
import Tools

/// What the supervisor asks of a `tool` process, which lives for one request.
enum ToolOrder: Sendable, Codable {
  /// What the sandboxes of this host really do for this user.
  case probe([SandboxBackend])
  case run(ToolRun)
  case skill(SkillOrder)
  /// Tries to break out, in every way that is known.
  case escape(SandboxConfiguration)
  /// Ends what others left that were killed.
  case sweep(SandboxConfiguration)

  /// In what it runs a command; `nil` when it runs none.
  var sandbox: SandboxConfiguration? {
    switch self {
    case .run(let run): run.sandbox
    case .skill(let order): order.sandbox
    case .probe, .escape, .sweep: nil
    }
  }
}

/// One authorised call of `exec`.
struct ToolRun: Sendable, Codable {
  let sandbox: SandboxConfiguration
  /// As the model gave them.
  let arguments: JSONValue
  let profiles: [String: ExecProfile]
  let workspace: String
  let workRepo: String
  /// What was authorised: the call is resolved anew, and must be the same.
  let digest: Digest
}

enum ToolReply: Sendable, Codable {
  case probes([SandboxProbe])
  case outcome(SandboxOutcome)
  case findings([EscapeFinding])
  case done

  static let unexpected = ApplianceError(
    .malformed, "the tool process answered something else")
}

/// The work of a `tool` process. Blocking is fine there: it has nothing else to do.
enum ToolWorker {
  static func answer(_ order: ToolOrder) throws -> ToolReply {
    switch order {
    case .probe(let backends): return .probes(backends.map { SandboxProbe.probe($0) })
    case .run(let run): return .outcome(try answer(run))
    case .skill(let order): return .outcome(try SkillWorker.answer(order))
    case .escape(let sandbox):
      let scratch = try ProcessFolder("escape")
      defer { scratch.remove() }
      return .findings(try EscapeSuite.run(SandboxRunner(sandbox), scratch: scratch.path))
    case .sweep(let sandbox):
      try SandboxRunner(sandbox).sweep()
      return .done
    }
  }

  /// The last look before the program starts: what has changed since the call was authorised, its
  /// program or a file that it names, is not run.
  private static func answer(_ run: ToolRun) throws -> SandboxOutcome {
    let folders = ToolFolders(workspace: run.workspace, workRepo: run.workRepo)
    let exec = try ExecResolver.resolve(
      run.arguments, profiles: run.profiles, folders: folders, digest: { SHA256.digest($0) })
    guard exec.callDigest({ SHA256.digest($0) }) == run.digest else {
      throw ApplianceError(
        .execChanged, "the program or a file that the call names changed since it was authorised")
    }
    for folder in [run.workspace, run.workRepo] { try requireRoom(folder) }
    return try SandboxRunner(run.sandbox).run(SandboxRequest(exec, folders))
  }

  /// Nothing limits what a command writes in all: it does not begin where little is left, since the
  /// appliance's own files lie on the same disk.
  private static func requireRoom(_ folder: String) throws {
    var room = statvfs()
    guard statvfs(folder, &room) == 0 else { throw ApplianceError.system("examine", folder) }
    let (free, overflow) = UInt64(room.f_bavail).multipliedReportingOverflow(
      by: UInt64(room.f_frsize))
    let hasFiles = room.f_files == 0 || room.f_favail >= freeFiles
    guard overflow || free >= freeBytes, hasFiles else {
      throw ApplianceError(
        .execRefused, "the disk of \"\(folder)\" is nearly full; commands do not run")
    }
  }

  private static let freeBytes: UInt64 = 512 << 20
  private static let freeFiles: UInt64 = 10_000
}

extension ApplianceError.Code {
  /// What is to run is not what was authorised.
  static let execChanged = Self("exec.changed")
}

extension SandboxRequest {
  /// The program sees the agent's two folders where they are, and nothing else of the host's data.
  init(_ exec: ResolvedExec, _ folders: ToolFolders) {
    let isWritable = exec.isWorkspaceWritable
    self.init(
      command: SandboxedCommand(
        executable: exec.binary, arguments: exec.arguments, environment: exec.environment,
        folder: exec.folder, input: exec.input.map { Array($0.utf8) } ?? []),
      bindings: [folders.workspace, folders.workRepo].map {
        SandboxBinding(host: $0, inside: $0, isWritable: isWritable)
      },
      limits: SandboxLimits(
        wallTime: exec.timeout * 1_000, cpuTime: exec.timeout, memory: exec.memory,
        processes: exec.processes, output: exec.output),
      hasNetwork: exec.network)
  }
}
