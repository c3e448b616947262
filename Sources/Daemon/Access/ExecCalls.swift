// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import Sandbox
import SodiumCrypto
import Supervision
import Timeline
import Tools

/// Carries out calls of `exec` that were authorised, each in a process and a sandbox of its own.
struct ExecCalls: Sendable {
  let store: TimelineStore
  let audit: AuditTrail
  let authority: TurnAuthority
  let sandbox: SandboxDesk
  let settings: @Sendable () async -> RuntimeSettings?

  /// - Throws: What keeps the call from being recorded, or the message from being this worker's.
  ///   Everything else is a result, for the model to read.
  func run(_ id: MessageID, _ index: Int, worker: String) async throws -> ToolResult {
    let work = try await store.work(id, by: worker)
    let call = try TurnAuthority.call(index, of: work)
    let place = CallPlace(id, index, worker: worker)
    guard let grant = authority.grants.take(place), let settings = await settings() else {
      return .failure("this call was not authorised, or ran already")
    }
    let now = Date()
    do {
      // Rules can have changed since the word was given.
      guard try await authority.decision(on: call, of: work).verdict != .denied else {
        throw ApplianceError(.execRefused, "exec is not allowed any more")
      }
      let exec = try TurnAuthority.resolve(call, settings)
      let digest = exec.callDigest { SHA256.digest($0) }
      guard TurnAuthority.bound(digest, to: work) == grant else {
        throw ApplianceError(
          .execChanged, "the program or a file that the call names changed since it was authorised")
      }
      try tell(exec, of: id, index, .intent, at: now)
      let outcome = try await run(exec, call, digest, settings)
      return ExecText.result(of: outcome)
    } catch let error as ApplianceError where error.code == .auditUnwritten {
      throw error
    } catch {
      let error = ApplianceError.of(error)
      try tell(error, of: id, index, at: Date())
      // The process that ran it is gone: what it did meanwhile nobody knows.
      if [.processFailed, .linkClosed].contains(error.code) { return .outcomeUnknown }
      return .failure(Self.words(for: error))
    }
  }

  private func run(
    _ exec: ResolvedExec, _ call: ToolCall, _ digest: Digest, _ settings: RuntimeSettings
  ) async throws -> SandboxOutcome {
    let configuration = try await sandbox.configuration(
      settings.isolation, named: settings.sandbox)
    return try await sandbox.run(
      ToolRun(
        sandbox: configuration, arguments: call.arguments, profiles: settings.profiles,
        workspace: settings.folders.workspace, workRepo: settings.folders.workRepo,
        digest: digest), timeout: exec.timeout)
  }

  /// A command's own failure is a result; these are failures of what should hold it.
  private static func words(for error: ApplianceError) -> String {
    switch error.code {
    case .execRefused, .execChanged, .toolArguments, .commandNotStarted: error.message
    case .contained: "the command: \(error.message)"
    case .sandboxUnavailable: "the command did not run: \(error.message)"
    default: "the sandbox failed, and what the command did is not known: \(error.message)"
    }
  }

  private func tell(
    _ exec: ResolvedExec, of id: MessageID, _ index: Int, _ outcome: AuditEvent.Outcome,
    at now: Date
  ) throws {
    try audit.record(
      [
        AuditEvent(
          .toolCall, by: "agent", on: "exec/\(exec.profile)", outcome, at: now, trace: id.rawValue,
          details: [
            "binary": exec.binary, "binaryDigest": exec.binaryDigest.short,
            "index": String(index), "arguments": String(exec.arguments.count),
          ])
      ], at: now)
  }

  private func tell(_ error: ApplianceError, of id: MessageID, _ index: Int, at now: Date) throws {
    try audit.record(
      [
        AuditEvent(
          .toolCall, by: "agent", on: "tool/\(ToolName.exec)", .failed, at: now,
          rule: error.code.rawValue,
          trace: id.rawValue, details: ["index": String(index), "why": error.message])
      ], at: now)
  }
}

/// The outcome of a command as a model reads it.
enum ExecText {
  static func result(of outcome: SandboxOutcome) -> ToolResult {
    var text = String(decoding: outcome.output, as: UTF8.self)
    if outcome.isOutputCut { text += "\n[the output is cut off here]" }
    if !outcome.errors.isEmpty {
      text += "\n[standard error]\n" + String(decoding: outcome.errors, as: UTF8.self)
      if outcome.isErrorsCut { text += "\n[cut off here]" }
    }
    switch outcome.end {
    case .exited(0): return .success(text.isEmpty ? "(no output)" : text)
    case .exited(let status): return .failure("exit status \(status)\n\(text)")
    case .signalled(let signal): return .failure("ended by signal \(signal)\n\(text)")
    case .timedOut: return .failure("took too long and was killed\n\(text)")
    case .outOfMemory: return .failure("used too much memory and was killed\n\(text)")
    case .outputLimit: return .failure("wrote too much and was killed\n\(text)")
    }
  }
}
