// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Where text in a turn came from.
public enum TurnTaint {
  private static let sources: [String: TaintSource] = [
    ToolName.readFile: .files, ToolName.listDirectory: .files, ToolName.searchFiles: .files,
    ToolName.exec: .files, ToolName.webFetch: .web,
  ]

  /// - Parameters:
  ///   - steps: what the turn recorded so far.
  ///   - isFromBot: whether another bot wrote the message.
  ///   - inherited: what the session's earlier turns, or the turn that began this one, had.
  /// - Returns: every source whose text the model can see. A failure's text counts: it can quote
  ///   what was read. A result without a recorded call counts as text of files and the web.
  public static func of(
    steps: [TurnStep], isFromBot: Bool, inherited: Set<TaintSource>
  ) -> Set<TaintSource> {
    var taint = inherited
    if isFromBot { taint.insert(.bots) }
    var tools: [Int: String] = [:]
    for step in steps {
      switch step {
      case .intent(let call): tools[call.index] = call.tool
      case .authorised: continue
      case .result(let index, let result):
        guard result.hasContent else { continue }
        taint.formUnion(sources(of: tools[index]))
      }
    }
    return taint
  }

  private static func sources(of tool: String?) -> [TaintSource] {
    guard let tool else { return [.files, .web] }
    return sources[tool].map { [$0] } ?? []
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
