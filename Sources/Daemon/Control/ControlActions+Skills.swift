// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Glibc
import Sandbox
import Skills
import Tools

/// Body of `POST /v1/skills/run`.
public struct SkillRunRequest: Sendable, Codable {
  public let skill: String
  public let script: String
  public let arguments: [String]
  public let input: String?

  public init(skill: String, script: String, arguments: [String], input: String?) {
    (self.skill, self.script) = (skill, script)
    (self.arguments, self.input) = (arguments, input)
  }
}

/// Its answer.
public struct SkillRunResponse: Sendable, Codable {
  public var formatVersion = 1
  /// The exit status; `nil` when it did not end by itself.
  public let status: Int?
  /// Why it did not; `nil` when it did.
  public let killed: String?
  public let output: String
  public let errors: String
}

extension ControlActions {
  /// Runs a script of a skill as an operator, within the same limits as a turn.
  func runSkill(_ request: SkillRunRequest, by caller: UInt32?) async throws -> SkillRunResponse {
    guard let settings = await runtimeSettings() else {
      throw ApplianceError(
        .nothingApplied, "no desired state has been applied yet", hint: "kafclaw status")
    }
    guard incidents.containment.permits(tool: ToolName.runSkill) else {
      throw ApplianceError(
        .contained, "the appliance is contained: scripts of skills do not run",
        hint: "kafclaw incident show")
    }
    let package = try shelf.package(request.skill, among: settings.skills)
    let run = try ResolvedSkillRun(
      package, script: request.script, arguments: request.arguments, input: request.input,
      limits: settings.skillLimits)
    let outcome = try await SkillRunner(sandbox: sandbox, shelf: shelf).run(
      run, package, settings, by: "operator:\(caller ?? geteuid())")
    return Self.response(outcome)
  }

  private static func response(_ outcome: SandboxOutcome) -> SkillRunResponse {
    var status: Int?
    var killed: String?
    if case .exited(let code) = outcome.end { status = code } else { killed = "\(outcome.end)" }
    return SkillRunResponse(
      status: status, killed: killed, output: String(decoding: outcome.output, as: UTF8.self),
      errors: String(decoding: outcome.errors, as: UTF8.self))
  }
}
