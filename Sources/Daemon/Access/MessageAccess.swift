// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import Policy
import Supervision
import Timeline

/// What stands between messages, turns and the store: rules, limits, budgets, secrets.
struct MessageAccess: Sendable {
  let store: TimelineStore
  let denials: DenialRecorder
  let judge: AccessJudge
  let authority: TurnAuthority
  let exec: ExecCalls
  let skills: SkillCalls
  let desk: ApprovalDesk
  let screen: SecretScreen
  let settings: @Sendable () async -> RuntimeSettings?
  let containment: ContainmentGuard
  let arrived: WakeSignal
  let replies: ReplySignals

  init(
    _ store: TimelineStore, _ audit: AuditTrail, _ screen: SecretScreen, _ tools: any ToolProcesses,
    _ containment: ContainmentGuard, _ shelf: SkillShelf,
    _ settings: @escaping @Sendable () async -> RuntimeSettings?
  ) {
    (self.store, self.screen, self.settings) = (store, screen, settings)
    self.containment = containment
    denials = DenialRecorder(audit: audit)
    let (arrived, replies) = (WakeSignal(), ReplySignals())
    (self.arrived, self.replies) = (arrived, replies)
    judge = AccessJudge()
    authority = TurnAuthority(
      store: store, audit: audit, judge: judge, containment: containment,
      shelf: shelf, settings: settings)
    let sandbox = SandboxDesk(audit: audit, tools: tools, containment: containment)
    exec = ExecCalls(
      store: store, audit: audit, authority: authority,
      sandbox: sandbox, settings: settings)
    skills = SkillCalls(
      store: store, authority: authority, sandbox: sandbox, shelf: shelf, settings: settings)
    desk = ApprovalDesk(
      store: store, audit: audit,
      freed: { id in
        arrived.ring()
        replies.ring(id)
      }, settings: settings, screen: screen)
  }

  /// Carries out an authorised call that the agent does not carry out itself.
  func execute(_ id: MessageID, _ index: Int, worker: String) async throws -> ToolResult {
    let call = try TurnAuthority.call(index, of: try await store.work(id, by: worker))
    return ToolName.ofSkills.contains(call.tool)
      ? try await skills.run(id, index, worker: worker)
      : try await exec.run(id, index, worker: worker)
  }

  /// What turns are told of the skills they may read.
  func offeredSkills() async -> [SkillSummary] {
    skills.shelf.summaries(of: await settings()?.skills ?? [])
  }

  func admit(_ message: InboundMessage) async throws -> Admission {
    let settings = await settings()
    let message = try screen.inbound(message)
    guard let message else { return .denied(.malformed) }
    return try await store.admit(
      message, at: Date(),
      limits: settings?.limits(of: message) ?? RuntimeSettings.startLimits,
      revision: settings?.revision
    ) { rules, version in
      verdict(on: message, rules, version)
    }
  }

  /// What the rules say, unless an operator contained the appliance.
  private func verdict(
    on message: InboundMessage, _ rules: AccessRules, _ version: UInt64
  ) -> AdmissionVerdict {
    let verdict = judge.verdict(on: message, rules, version)
    // Whom no list knows may be admitted by pairing.
    let isOpen =
      verdict.decision.verdict == .permitted || verdict.decision.reason == .unknownSender
    guard isOpen, let objection = containment.objection(to: message.principal)
    else { return verdict }
    return AdmissionVerdict(decision: objection, session: verdict.session)
  }

  /// Takes what arrived on a channel, with where the channel goes on: in one transaction.
  func admit(_ receipt: ChannelReceipt) async throws -> [Admission] {
    let settings = await settings()
    // One whose ids hold a secret is passed over: nothing of it may be stored.
    let messages = try receipt.messages.map { try screen.inbound($0) }
    let kept = messages.compactMap(\.self)
    let admissions = try await store.admit(
      kept, at: Date(), limits: { settings?.limits(of: $0) ?? RuntimeSettings.startLimits },
      revision: settings?.revision, cursor: receipt.cursor.map { (receipt.channel, $0) },
      pairing: settings?.pairing ?? []
    ) { rules, message, version in
      verdict(on: message, rules, version)
    }
    var rest = admissions[...]
    return messages.map { message in
      message == nil ? .denied(.malformed) : rest.popFirst() ?? .denied(.malformed)
    }
  }

  /// Records that a message was not taken. An id that holds a secret is not written down.
  func tell(_ message: InboundMessage, _ why: Admission.Denial) throws {
    try denials.record(message, sender: screen.shown(message.sender ?? message.client), why)
  }

  /// The step as it may be stored and read by a model.
  func screened(_ step: TurnStep, of id: MessageID) throws -> TurnStep {
    switch step {
    case .intent(let call): .intent(try screen.arguments(of: call, in: id))
    case .result(let index, let result):
      .result(index: index, try screen.result(result, in: id))
    case .authorised:
      throw ApplianceError(.roleViolation, "the agent may not authorise its own calls")
    }
  }

  func reserve(_ tokens: Int, for id: MessageID, worker: String) async throws -> Budget {
    // Who cannot be told a limit has none to use: failing closed.
    guard let settings = await settings() else { return .refused("The appliance is starting.") }
    let work = try await store.work(id, by: worker)
    guard containment.objection(to: work.principal) == nil else {
      return .refused("This was not answered: the appliance is contained by its operator.")
    }
    let answer = try await store.reserve(
      tokens, for: id, by: worker, limits: settings.budgets(of: work.principal), at: Date())
    switch answer {
    case .granted(let reservation): return .granted(reservation: reservation.rawValue)
    case .refused(let scope, _, let limit):
      return .refused(
        "This was not answered: the daily token limit of \(Self.words(for: scope)) (\(limit)) "
          + "would be exceeded. It begins anew at midnight UTC.")
    }
  }

  func finish(
    _ id: MessageID, reply: String, usage: TokenUsage, worker: String
  ) async throws {
    let work = try await store.work(id, by: worker)
    let taint = TurnAuthority.taint(of: work, await settings())
    try await store.finish(
      id, by: worker, reply: try screen.outbound(reply, in: id), usage: usage,
      taint: taint, at: Date())
  }

  private static func words(for scope: String) -> String {
    if scope == "appliance" { return "this appliance" }
    return scope.hasPrefix("channel/") ? "this channel" : "this sender"
  }
}
