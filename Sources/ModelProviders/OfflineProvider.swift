// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The embedded provider: deterministic, needs no key and no network, and can call tools.
///
/// A message is answered by repeating it, unless its lines start with a slash. Then each line is
/// one step, carried out in order:
///
///     /list [FOLDER]          list_dir
///     /read PATH              read_file
///     /write PATH TEXT        write_file
///     /call TOOL JSON         any tool, with a JSON object as arguments
///     /history                how many exchanges of this session it can see
///
/// The reply lists the outcome of every step. Tokens are counted as four bytes each.
public struct OfflineProvider: ModelProvider {
  public let name = ProviderCatalog.offline

  public init() {}

  public func complete(_ request: CompletionRequest) async throws -> Completion {
    let steps = OfflineScript.steps(of: request.text)
    guard !steps.isEmpty else {
      return answer("\(request.assistant) (offline): you said: \(request.text)", request)
    }
    var pending = request.calls[...]
    var lines: [String] = []
    for step in steps {
      switch step {
      case .say(let text): lines.append(text)
      case .history: lines.append("history: \(request.history.count)")
      case .call(let tool, let arguments):
        guard let ended = pending.popFirst() else {
          return Completion(.call(tool: tool, arguments: arguments), usage: usage(request, ""))
        }
        lines.append("\(tool): \(outcome(ended.result))")
      }
    }
    return answer(lines.joined(separator: "\n"), request)
  }

  private func outcome(_ result: ToolResult) -> String {
    switch result {
    case .success(let text): text
    case .failure(let text): "failed: \(text)"
    case .outcomeUnknown: "outcome unknown: interrupted, not repeated"
    }
  }

  private func answer(_ text: String, _ request: CompletionRequest) -> Completion {
    Completion(.reply(text), usage: usage(request, text))
  }

  private func usage(_ request: CompletionRequest, _ reply: String) -> TokenUsage {
    let input = request.history.reduce(request.text.utf8.count) {
      $0 + $1.text.utf8.count + $1.reply.utf8.count
    }
    return TokenUsage(input: input / 4 + 1, output: reply.utf8.count / 4 + 1)
  }
}

/// The lines of a message as steps.
enum OfflineScript {
  enum Step: Equatable {
    case call(tool: String, arguments: JSONValue)
    case history
    case say(String)
  }

  static func steps(of text: String) -> [Step] {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    guard !lines.isEmpty, lines.allSatisfy({ $0.hasPrefix("/") }) else { return [] }
    return lines.map(step)
  }

  private static func step(_ line: Substring) -> Step {
    let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
      .map(String.init)
    let (first, second) = (parts.count > 1 ? parts[1] : "", parts.count > 2 ? parts[2] : "")
    switch parts[0] {
    case "/list": return .call(tool: ToolName.listDirectory, arguments: ["path": .string(first)])
    case "/read" where !first.isEmpty:
      return .call(tool: ToolName.readFile, arguments: ["path": .string(first)])
    case "/write" where !first.isEmpty:
      return .call(
        tool: ToolName.writeFile,
        arguments: ["path": .string(first), "content": .string(second)])
    case "/call" where !first.isEmpty: return call(first, second)
    case "/history": return .history
    default: return .say("unknown step: use /list, /read, /write, /call or /history")
    }
  }

  private static func call(_ tool: String, _ json: String) -> Step {
    let text = json.isEmpty ? "{}" : json
    // `try?`: what is wrong with it does not matter, the step is answered with its form.
    guard let arguments = try? ApplianceJSON.decode(JSONValue.self, from: text.utf8),
      case .object = arguments, arguments.depth <= 16
    else { return .say("/call \(tool): arguments must be a JSON object") }
    return .call(tool: tool, arguments: arguments)
  }
}
