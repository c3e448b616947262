// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Planning
import Reconciliation
import Sandbox
import Skills
import Timeline
import Tools

/// A conversation in which people decide about waiting calls.
struct ChannelDesk: Sendable, Equatable {
  /// The platform's own id.
  let conversation: String
  /// In the form of the access lists.
  let approvers: Set<String>

  init(_ spec: ChannelApprovalsSpec, _ route: ChannelRoute) {
    conversation = spec.conversation
    approvers = Set(spec.approvers.map { route.listed($0.text) })
  }
}

/// What the supervisor itself needs of the state in force, beside the rules in the timeline.
struct RuntimeSettings: Sendable {
  let limits: SenderLimits
  /// How long a call waits for a word, and an approval holds. Seconds.
  let approvalLifetime: Int
  let folders: ToolFolders
  let profiles: [String: ExecProfile]
  let isolation: RuntimeIsolation
  let sandbox: SandboxBackend?
  /// The commit in force; `nil` for files that came from no commit.
  let revision: String?
  /// Profiles whose commands a sandbox keeps from the network.
  let offlineProfiles: Set<String>
  /// Channels with an account on a platform.
  let accounts: Set<String>
  /// Channels on which unknown senders get a code.
  let pairing: Set<String>
  /// Where waiting calls are shown to people who may decide about them, by channel.
  let approvalDesks: [String: ChannelDesk]
  /// What comes back with which stage after an incident.
  let stages: RestoreStages
  /// The skills that turns may use.
  let skills: [DesiredSkill]
  /// The most that scripts of skills may use.
  let skillLimits: SkillLimits
  private let applianceTokens: Int?
  private let senderTokens: Int?
  private let channelTokens: [String: Int]

  init(_ state: LoadedState, revision: String?, paths: AppliancePaths) {
    let spec = state.spec
    let limits = spec.senders.limits
    self.limits = SenderLimits(
      messagesPerMinute: limits.messagesPerMinute.value, burst: limits.burst.value,
      queued: limits.queued.value)
    approvalLifetime = Int(spec.tools.approvals.lifetime.seconds)
    folders = ToolFolders(
      workspace: paths.agentFolder(spec.agent.workspace),
      workRepo: paths.agentFolder(spec.agent.workRepo))
    profiles = spec.tools.exec.profiles.mapValues(ExecProfile.init)
    isolation = spec.skills.runtimeIsolation
    offlineProfiles =
      isolation == .host ? [] : Set(profiles.filter { !$0.value.network }.keys)
    sandbox = spec.skills.sandbox.flatMap { SandboxBackend(rawValue: $0.rawValue) }
    self.revision = revision
    accounts = Set(spec.channels.filter { $0.value.type.hasAccount }.keys)
    pairing = Set(spec.channels.filter(\.value.pairing).keys)
    approvalDesks = Dictionary(
      uniqueKeysWithValues: spec.channels.compactMap { name, channel in
        channel.approvals.map { (name, ChannelDesk($0, ChannelRoute(name, channel))) }
      })
    stages = RestoreStages(spec)
    skills = DesiredSkills.of(state)
    skillLimits = SkillLimits(spec.skills.limits)
    applianceTokens = spec.agent.dailyTokenLimit?.value
    senderTokens = limits.dailyTokens?.value
    channelTokens = spec.channels.compactMapValues(\.dailyTokenLimit?.value)
  }

  /// The limits of a message: clients that speak for themselves have no rate of their own.
  func limits(of message: InboundMessage) -> SenderLimits {
    guard message.sender == nil else { return limits }
    let unlimited = 1_000_000_000
    return SenderLimits(
      messagesPerMinute: unlimited, burst: unlimited, queued: max(limits.queued, 10_000))
  }

  /// The daily budgets that a turn counts against.
  func budgets(of principal: AccessPrincipal) -> [BudgetLimit] {
    var budgets: [BudgetLimit] = []
    // Counted without a limit too: the watch compares days.
    budgets.append(BudgetLimit(scope: "appliance", tokens: applianceTokens ?? 1 << 50))
    if let tokens = channelTokens[principal.channel] {
      budgets.append(BudgetLimit(scope: "channel/\(principal.channel)", tokens: tokens))
    }
    if let senderTokens {
      let who = [principal.channel, principal.client, principal.sender ?? "~"].map(Self.part)
        .joined(separator: "/")
      budgets.append(BudgetLimit(scope: "sender/\(who)", tokens: senderTokens))
    }
    return budgets
  }

  /// One part of a name that cannot run into the next.
  private static func part(_ text: String) -> String {
    text.replacing("%", with: "%25").replacing("/", with: "%2F")
  }

  /// Before anything was applied: nobody is admitted then, so these bind nobody.
  static let startLimits = SenderLimits(messagesPerMinute: 60, burst: 30, queued: 100)
}

extension SkillLimits {
  fileprivate init(_ spec: SkillLimitsSpec) {
    self.init(
      network: spec.network, timeout: Int(spec.timeout.seconds),
      memory: spec.memoryMiB.value << 20, processes: spec.processes.value,
      output: spec.outputKiB.value << 10)
  }
}
