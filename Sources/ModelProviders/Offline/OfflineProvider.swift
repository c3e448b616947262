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
///     /calls JSON             several calls in one answer: [["TOOL", {…}], …]
///     /wait MS                a slow model; at most 60,000 milliseconds
///     /history                how many exchanges of this session it can see
///
/// The reply lists the outcome of every step. Tokens are counted as four bytes each.
public struct OfflineProvider: ModelProvider {
  public let name: String

  public init(name: String = ProviderCatalog.offline) {
    self.name = name
  }

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
      case .wait(let milliseconds):
        // Before calls that have ended it was waited for already.
        if pending.isEmpty { try await Task.sleep(for: .milliseconds(milliseconds)) }
        lines.append("waited \(milliseconds) ms")
      case .calls(let calls):
        let ended = pending.prefix(calls.count)
        pending = pending.dropFirst(calls.count)
        lines += zip(calls, ended).map { "\($0.tool): \(outcome($1.result))" }
        guard ended.count == calls.count else {
          return ask(Array(calls.dropFirst(ended.count)), request)
        }
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

  private func ask(_ calls: [RequestedCall], _ request: CompletionRequest) -> Completion {
    Completion(
      .calls(calls, remark: nil), usage: usage(request, ""), model: ProviderCatalog.offline,
      provider: name)
  }

  private func answer(_ text: String, _ request: CompletionRequest) -> Completion {
    Completion(
      .reply(text), usage: usage(request, text), model: ProviderCatalog.offline, provider: name)
  }

  private func usage(_ request: CompletionRequest, _ reply: String) -> TokenUsage {
    let input = request.history.reduce(request.text.utf8.count) {
      $0 + $1.text.utf8.count + $1.reply.utf8.count
    }
    return TokenUsage(input: input / 4 + 1, output: reply.utf8.count / 4 + 1)
  }
}

extension OfflineProvider: BoundedProvider {
  func complete(_ request: CompletionRequest, within limit: Duration) async throws -> Completion {
    try await Deadline.run(total: limit, provider: name) { try await complete(request) }
  }
}
