// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Where text in a turn came from.
public enum TurnTaint {
  private static let sources: [String: TaintSource] = [
    ToolName.readFile: .files, ToolName.listDirectory: .files, ToolName.searchFiles: .files,
    ToolName.webFetch: .web,
  ]
  /// What a script of a skill brings along nobody knows.
  private static let ofScripts: [TaintSource] = [.files, .web]

  /// - Parameters:
  ///   - steps: what the turn recorded so far.
  ///   - isFromBot: whether another bot wrote the message.
  ///   - inherited: what the session's earlier turns, or the turn that began this one, had.
  ///   - offline: profiles of `exec` whose commands do not reach the network. The output of others
  ///     counts as text of the web too.
  /// - Returns: every source whose text the model can see. A failure's text counts: it can quote
  ///   what was read. A result without a recorded call counts as text of files and the web.
  public static func of(
    steps: [TurnStep], isFromBot: Bool, inherited: Set<TaintSource>, offline: Set<String>
  ) -> Set<TaintSource> {
    var taint = inherited
    if isFromBot { taint.insert(.bots) }
    var calls: [Int: ToolCall] = [:]
    for step in steps {
      switch step {
      case .intent(let call): calls[call.index] = call
      case .authorised: continue
      case .result(let index, let result):
        guard result.hasContent else { continue }
        taint.formUnion(sources(of: calls[index], offline))
      }
    }
    return taint
  }

  private static func sources(of call: ToolCall?, _ offline: Set<String>) -> [TaintSource] {
    guard let call else { return [.files, .web] }
    if call.tool == ToolName.runSkill { return ofScripts }
    guard call.tool == ToolName.exec else { return sources[call.tool].map { [$0] } ?? [] }
    guard case .string(let profile)? = call.arguments["profile"] else { return [.files, .web] }
    return offline.contains(profile) ? [.files] : [.files, .web]
  }
}

extension ToolResult {
  fileprivate var hasContent: Bool {
    switch self {
    case .success(let text), .failure(let text): !text.isEmpty
    case .outcomeUnknown: false
    }
  }
}
