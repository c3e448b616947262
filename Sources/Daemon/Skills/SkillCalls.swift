// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import Sandbox
import Skills
import Supervision
import Timeline
import Tools

/// Carries out authorised calls that concern a skill: reading one, and running a script of one.
struct SkillCalls: Sendable {
  let store: TimelineStore
  let authority: TurnAuthority
  let sandbox: SandboxDesk
  let shelf: SkillShelf
  let settings: @Sendable () async -> RuntimeSettings?

  /// - Throws: What keeps the call from being recorded, or the message from being this worker's.
  ///   Everything else is a result, for the model to read.
  func run(_ id: MessageID, _ index: Int, worker: String) async throws -> ToolResult {
    let work = try await store.work(id, by: worker)
    let call = try TurnAuthority.call(index, of: work)
    guard let grant = authority.grants.take(CallPlace(id, index, worker: worker)),
      let settings = await settings()
    else { return .failure("this call was not authorised, or ran already") }
    do {
      // Rules can have changed since the word was given.
      guard try await authority.decision(on: call, of: work).verdict != .denied else {
        return .failure("\(call.tool) is not allowed any more")
      }
      guard try authority.sheet(of: call, work, settings).digest == grant else {
        throw ApplianceError(.execChanged, "the skill changed since the call was authorised")
      }
      return try await carryOut(try SkillCall(call), id, settings)
    } catch let error as ApplianceError where error.code == .auditUnwritten {
      throw error
    } catch {
      let error = ApplianceError.of(error)
      if [.processFailed, .linkClosed].contains(error.code) { return .outcomeUnknown }
      return .failure([error.message, error.hint].compactMap { $0 }.joined(separator: "; "))
    }
  }

  private func carryOut(
    _ call: SkillCall, _ id: MessageID, _ settings: RuntimeSettings
  ) async throws -> ToolResult {
    let package = try shelf.package(call.skill, among: settings.skills)
    switch call {
    case .read(_, let file):
      try shelf.tellLoad(package, for: id.rawValue)
      return try Self.text(of: file, in: package)
    case .run(_, let script, let arguments, let input):
      let run = try ResolvedSkillRun(
        package, script: script, arguments: arguments, input: input, limits: settings.skillLimits)
      return ExecText.result(
        of: try await SkillRunner(sandbox: sandbox, shelf: shelf).run(
          run, package, settings, trace: id.rawValue))
    }
  }

  private static func text(of file: String?, in package: SkillPackage) throws -> ToolResult {
    let path = file ?? SkillPackage.instructionsFile
    guard let text = package.text(of: path) else {
      let names = package.files.keys.sorted().prefix(100).joined(separator: ", ")
      return .failure("there is no such text in the skill; files: \(names)")
    }
    let others = package.files.keys.filter { $0 != SkillPackage.instructionsFile }.sorted()
    guard file == nil, !others.isEmpty else { return .success(ToolOutput.bounded(text)) }
    return .success(
      ToolOutput.bounded(text) + "\n[other files: \(others.prefix(100).joined(separator: ", "))]")
  }
}

/// Runs scripts of skills, for turns and for operators.
struct SkillRunner: Sendable {
  let sandbox: SandboxDesk
  let shelf: SkillShelf

  func run(
    _ run: ResolvedSkillRun, _ package: SkillPackage, _ settings: RuntimeSettings,
    by actor: String = "agent", trace: String? = nil
  ) async throws -> SandboxOutcome {
    var details = [
      "digest": run.package.short, "script": run.script, "arguments": String(run.arguments.count),
      "network": run.limits.network ? "yes" : "no",
    ]
    try shelf.tell(.skillRun, run.skill, .intent, details, by: actor, trace: trace)
    do {
      let configuration = try await sandbox.configuration(
        settings.isolation, named: settings.sandbox)
      let outcome = try await sandbox.run(
        SkillOrder(sandbox: configuration, run: run, files: package.files))
      details["end"] = "\(outcome.end)"
      try shelf.tell(.skillRun, run.skill, .done, details, by: actor, trace: trace)
      return outcome
    } catch {
      details["why"] = ApplianceError.of(error).message
      try shelf.tell(.skillRun, run.skill, .failed, details, by: actor, trace: trace)
      throw error
    }
  }
}
