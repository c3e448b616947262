// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import FoundationEssentials
import Policy
import Skills
import SodiumCrypto
import Timeline
import Tools

/// Decides about the calls of turns, outside the agent that asks: by the rules in the timeline, by
/// what the turn has read, and by what operators approved.
final class TurnAuthority: Sendable {
  private let store: TimelineStore
  private let audit: AuditTrail
  private let judge: AccessJudge
  private let containment: ContainmentGuard
  private let shelf: SkillShelf
  private let settings: @Sendable () async -> RuntimeSettings?
  /// Calls of `exec` that were authorised in this life of the supervisor.
  let grants = ExecGrants()

  init(
    store: TimelineStore, audit: AuditTrail, judge: AccessJudge, containment: ContainmentGuard,
    shelf: SkillShelf, settings: @escaping @Sendable () async -> RuntimeSettings?
  ) {
    (self.store, self.audit, self.judge) = (store, audit, judge)
    (self.containment, self.shelf, self.settings) = (containment, shelf, settings)
  }

  /// The tools that a turn may be offered.
  func grantedTools(_ work: Work) async throws -> [String] {
    let settings = await settings()
    let taint = Self.taint(of: work, settings)
    let narrowing = SkillNarrowing(work, settings?.skills ?? [], shelf)
    let hasSkills = settings?.skills.isEmpty == false
    return try await store.withRules { [judge] rules, version in
      judge.policy(rules, version).grantedTools(work.principal, taint: taint)
    }.filter { tool in
      containment.permits(tool: tool) && narrowing.permits(tool)
        && (hasSkills || !ToolName.ofSkills.contains(tool))
    }
  }

  /// What the rules say of a recorded call, as they are now.
  func decision(on call: ToolCall, of work: Work) async throws -> AccessDecision {
    let settings = await settings()
    let taint = Self.taint(of: work, settings)
    let decision = try await store.withRules { [judge] rules, version in
      judge.policy(rules, version).authorise(work.principal, tool: call.tool, taint: taint)
    }
    let narrowing = SkillNarrowing(work, settings?.skills ?? [], shelf)
    return narrowing.narrowed(
      containment.narrowed(decision, tool: call.tool, work.principal), tool: call.tool)
  }

  /// Whether a recorded call may run.
  ///
  /// The rules come first: whoever may not use a tool learns nothing of what its arguments lead to.
  /// - Throws: What keeps the decision from being recorded; the call does not run then.
  func verdict(on id: MessageID, _ index: Int, worker: String) async throws -> ToolVerdict {
    let work = try await store.work(id, by: worker)
    let call = try Self.call(index, of: work)
    guard
      !work.steps.contains(where: { $0.isSamePlace(as: .result(index: index, .outcomeUnknown)) })
    else { throw ApplianceError(.malformed, "the call \(index) has ended") }
    let decision = try await decision(on: call, of: work)
    let revision = await settings()?.revision
    var question = CallQuestion(
      work: work, call: call, worker: worker, decision: decision, revision: revision)
    if let names = call.blocked {
      return try deny(
        question, "blocked", "blocked: the call holds the secret \(names.joined(separator: ", "))")
    }
    guard let settings = await settings() else {
      return try deny(question, "not-applied", "nothing has been applied yet")
    }
    guard decision.verdict != .denied else { return try await settle(question, settings) }
    do {
      (question.sheet, question.digest) = try sheet(of: call, work, settings)
    } catch let error as ApplianceError {
      return try deny(question, error.code.rawValue, error.message)
    }
    return try await settle(question, settings)
  }

  private func settle(
    _ question: CallQuestion, _ settings: RuntimeSettings
  ) async throws -> ToolVerdict {
    let (work, call, decision) = (question.work, question.call, question.decision)
    let now = Date()
    try audit.record([question.event(.intent, at: now)], at: now)
    let authorisation = try await store.authorise(
      work.id, call: call.index, tool: call.tool, by: question.worker, decision: decision,
      digest: question.digest, revision: settings.revision, at: now)
    switch authorisation {
    case .permitted:
      if ToolName.elsewhere.contains(call.tool), let digest = question.digest {
        grants.keep(digest, for: CallPlace(work.id, call.index, worker: question.worker))
      }
      return .permitted
    case .denied:
      return try deny(
        question, nil,
        "\(question.tool) is denied by \(decision.rule) (\(decision.reason.rawValue))")
    case .refused(let state):
      return try deny(
        question, "approval-\(state.rawValue)",
        "\(question.tool) needed an approval, which was \(state == .denied ? "denied" : "not given in time")"
      )
    case .missing: return try await park(question, settings, at: now)
    }
  }

  private func park(
    _ question: CallQuestion, _ settings: RuntimeSettings, at now: Date
  ) async throws -> ToolVerdict {
    guard let sheet = question.sheet, let digest = question.digest,
      !sheet.hasDeceptiveCharacters
    else {
      return try deny(
        question, "not-showable",
        "\(question.tool) needs an approval, and its arguments cannot be shown as they are")
    }
    let approval = Approval(
      id: ApprovalID(rawValue: SecureRandom.hexadecimal(bytes: 8)), message: question.work.id,
      callIndex: question.call.index, session: question.work.session, tool: question.call.tool,
      digest: digest, details: sheet.details, requester: question.work.principal,
      decision: question.decision, createdAt: now,
      expiresAt: now.addingTimeInterval(TimeInterval(settings.approvalLifetime)))
    do {
      return .parked(
        try await store.park(
          approval, by: question.worker,
          announcing: ApprovalNotice.all(of: approval, settings.approvalDesks)
        ).id)
    } catch let error as ApplianceError where error.code == .approvalsFull {
      return try deny(question, error.code.rawValue, error.message)
    }
  }

  /// - Parameter why: What decided where it was not a rule.
  private func deny(
    _ question: CallQuestion, _ why: String?, _ words: String
  ) throws -> ToolVerdict {
    let now = Date()
    try audit.record([question.event(.denied, why: why, at: now)], at: now)
    return .denied(words)
  }
}

extension TurnAuthority {
  static func call(_ index: Int, of work: Work) throws -> ToolCall {
    for case .intent(let call) in work.steps where call.index == index { return call }
    throw ApplianceError(.inconsistent, "message \(work.id.rawValue) has no call \(index)")
  }

  static func taint(of work: Work, _ settings: RuntimeSettings?) -> Set<TaintSource> {
    TurnTaint.of(
      steps: work.steps, isFromBot: work.isFromBot, inherited: work.taint,
      offline: settings?.offlineProfiles ?? [])
  }

  /// What an approver is shown, and the digest of the exact call, its requester and its session.
  func sheet(
    of call: ToolCall, _ work: Work, _ settings: RuntimeSettings
  ) throws -> (sheet: CallSheet, digest: Digest) {
    if call.tool == ToolName.exec {
      let exec = try Self.resolve(call, settings)
      return (CallSheet(exec), Self.bound(exec.callDigest { SHA256.digest($0) }, to: work))
    }
    if case .run(let name, let script, let arguments, let input)? = try Self.skillCall(call) {
      let run = try ResolvedSkillRun(
        try shelf.package(name, among: settings.skills), script: script, arguments: arguments,
        input: input, limits: settings.skillLimits)
      return (CallSheet(run), Self.bound(try run.callDigest { SHA256.digest($0) }, to: work))
    }
    var value: [String: JSONValue] = ["tool": .string(call.tool), "arguments": call.arguments]
    // What is read is what was there when somebody approved it.
    if case .read(let name, _)? = try Self.skillCall(call) {
      let package = try shelf.package(name, among: settings.skills)
      value["skill"] = .string(package.digest.rawValue)
    }
    return (CallSheet(call), Self.bound(SHA256.digest(.object(value)), to: work))
  }

  private static func skillCall(_ call: ToolCall) throws -> SkillCall? {
    ToolName.ofSkills.contains(call.tool) ? try SkillCall(call) : nil
  }

  static func resolve(_ call: ToolCall, _ settings: RuntimeSettings) throws -> ResolvedExec {
    try ExecResolver.resolve(
      call.arguments, profiles: settings.profiles, folders: settings.folders,
      digest: { SHA256.digest($0) })
  }

  static func bound(_ call: Digest, to work: Work) -> Digest {
    let principal = work.principal
    return SHA256.digest(
      [
        "call": .string(call.rawValue), "session": .string(work.session.rawValue),
        "channel": .string(principal.channel), "client": .string(principal.client),
        "sender": principal.sender.map { .string($0) } ?? .null,
      ] as JSONValue)
  }
}
