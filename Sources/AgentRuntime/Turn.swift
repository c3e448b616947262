// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import ModelProviders
import Planning
import Tools

/// Carries out one turn: intent before effect, result before the next question, reply last.
struct Turn: Sendable {
  let work: Work
  let configuration: AgentService.RunningConfiguration
  let link: ComponentLink

  func run() async throws {
    let repeatable = Set(ToolCatalog.all.filter(\.isIdempotent).map(\.name))
    var machine = TurnMachine(
      steps: work.steps, toolLimit: configuration.settings.maxToolIterations,
      repeatable: repeatable)
    while true {
      switch machine.next {
      case .askModel:
        let completion = try await configuration.provider.complete(request(machine))
        if let step = machine.accept(completion) { try await record(step) }
      case .run(let call):
        let result = await executor.run(call).withoutZeroBytes
        try await record(machine.accept(result, of: call))
      case .giveUp(let call):
        try await record(machine.accept(.outcomeUnknown, of: call))
      case .finish(let reply):
        let text = reply.replacing("\0", with: "\u{FFFD}")
        _ = try await link.call(.finish(work.id, reply: text, usage: machine.usage))
        return
      }
    }
  }

  private func record(_ step: TurnStep) async throws {
    _ = try await link.call(.record(work.id, step))
  }

  private func request(_ machine: TurnMachine) -> CompletionRequest {
    CompletionRequest(
      assistant: configuration.settings.name, history: work.history, text: work.text,
      calls: machine.endedCalls)
  }

  private var executor: ToolExecutor {
    let settings = configuration.settings
    let permissions = ToolPermissions(
      deny: Set(settings.deny), allow: settings.allow.map(Set.init),
      ceiling: settings.tiers[work.senderTier.rawValue] ?? .read)
    return ToolExecutor(
      permissions: permissions,
      folders: ToolFolders(workspace: settings.workspace, workRepo: settings.workRepo))
  }
}

extension ToolResult {
  /// SQLite ends text at a zero byte.
  fileprivate var withoutZeroBytes: ToolResult {
    switch self {
    case .success(let text): .success(text.replacing("\0", with: "\u{FFFD}"))
    case .failure(let text): .failure(text.replacing("\0", with: "\u{FFFD}"))
    case .outcomeUnknown: self
    }
  }
}
