// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// A command without a sandbox. It is still no shell, has no environment but its own, and leaves
/// no process behind.
enum HostProcess {
  static func run(_ request: SandboxRequest) throws -> SandboxOutcome {
    let command = request.command
    let process = ContainedProcess(
      program: command.executable, arguments: command.arguments,
      environment: SandboxInit.variables(command.environment), folder: command.folder,
      limits: request.limits.perProcess(includesMemory: true, processes: nil))
    let result = try process.run(
      input: command.input, wallTime: request.limits.wallTime, keep: request.limits.output)
    if let failure = result.failure { throw ApplianceError.notStarted(command, failure) }
    guard let status = result.status else {
      throw ApplianceError(.sandboxFailed, "the process that watches the command ended early")
    }
    let end: SandboxOutcome.End =
      result.isFlooded ? .outputLimit : result.isTimedOut ? .timedOut : status.end
    return result.outcome(end, enforced: [])
  }
}

extension ContainedProcess.Result {
  func outcome(_ end: SandboxOutcome.End, enforced: [SandboxControl]) -> SandboxOutcome {
    SandboxOutcome(
      end: end, output: output.bytes, errors: errors.bytes, isOutputCut: output.isCut,
      isErrorsCut: errors.isCut, wallTime: wallTime, enforced: enforced)
  }

  /// How the command ended in a sandbox.
  ///
  /// - Parameter report: what the first process inside said; nil when it was killed or never came
  ///   to run.
  func outcome(
    _ command: SandboxedCommand, _ report: SandboxInit.Report?, wasShortOfMemory: Bool,
    enforced: [SandboxControl]
  ) throws -> SandboxOutcome {
    if isFlooded { return outcome(.outputLimit, enforced: enforced) }
    switch report {
    case .ended(let raw):
      let end = WaitStatus(raw: raw).end
      let isVictim = wasShortOfMemory && end != .exited(0)
      return outcome(isVictim ? .outOfMemory : end, enforced: enforced)
    case .timedOut: return outcome(.timedOut, enforced: enforced)
    case .notExecuted(let number), .folderRefused(let number):
      throw ApplianceError.notStarted(command, number)
    case .failed(let message, let number): throw ApplianceError.sandbox(message, number)
    case nil:
      if isTimedOut { return outcome(.timedOut, enforced: enforced) }
      if wasShortOfMemory { return outcome(.outOfMemory, enforced: enforced) }
      throw ApplianceError(.sandboxFailed, "the sandbox did not start: \(lastWords)")
    }
  }

  /// The end of what the sandbox's program said, for people.
  var lastWords: String {
    let text = String(decoding: errors.bytes.suffix(500), as: UTF8.self)
    let line = text.split(separator: "\n").suffix(3).joined(separator: "; ")
    if !line.isEmpty { return line }
    return failure.map { String(cString: strerror($0)) } ?? "it said nothing"
  }
}

extension ApplianceError {
  static func notStarted(_ command: SandboxedCommand, _ number: Int32) -> ApplianceError {
    ApplianceError(
      .commandNotStarted,
      "cannot run \"\(command.executable)\" in \"\(command.folder)\": "
        + String(cString: strerror(number)))
  }
}
