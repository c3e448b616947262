// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ModelProviders
import Testing

@testable import AgentRuntime

/// A turn that is cut off after any step goes on where its records end.
struct TurnResumptionTests {
  /// Tools in memory: how often each call ran, and files that can be written.
  struct Workspace {
    var files = ["a": "A", "b": "B"]
    private(set) var runs: [Int: Int] = [:]

    mutating func run(_ call: ToolCall) -> ToolResult {
      runs[call.index, default: 0] += 1
      let path = call.arguments["path"]?.stringValue ?? ""
      switch call.tool {
      case "read_file": return files[path].map { .success($0) } ?? .failure("no \(path)")
      case "list_dir": return .success(files.keys.sorted().joined(separator: ","))
      case "write_file":
        files[path] = call.arguments["content"]?.stringValue
        return .success("wrote \(path)")
      default: return .failure("there is no tool \(call.tool)")
      }
    }
  }

  private func work(
    _ text: String, from steps: [TurnStep], _ workspace: inout Workspace
  ) async throws -> (reply: String, steps: [TurnStep]) {
    var machine = TurnMachine(steps: steps, toolLimit: 20, repeatable: ["read_file", "list_dir"])
    while true {
      switch machine.next {
      case .askModel:
        let request = CompletionRequest(
          assistant: "Claw", history: [], text: text, calls: machine.endedCalls)
        _ = machine.accept(try await OfflineProvider().complete(request))
      case .authorise(let call): machine.permit(call)
      case .run(let call): _ = machine.accept(workspace.run(call), of: call)
      case .giveUp(let call): _ = machine.accept(.outcomeUnknown, of: call)
      case .finish(let reply): return (reply, machine.steps)
      }
    }
  }

  /// The call that may have run when the record ends.
  private func cutOff(_ steps: [TurnStep]) -> ToolCall? {
    guard case .authorised(let index) = steps.last else { return nil }
    return try? call(index, of: steps)  // `try?`: every such call has an intent
  }

  private func call(_ index: Int, of steps: [TurnStep]) throws -> ToolCall {
    for case .intent(let call) in steps where call.index == index { return call }
    throw ApplianceError(.malformed, "no intent of \(index)")
  }

  static let texts = [
    "hello", "/read a", "/list\n/read a\n/read b\n/read missing", "/history\n/read a\n/history",
    "/write c hi\n/read c\n/list", "/write c one\n/write c two\n/read c", "/call exec {}\n/read a",
  ]

  @Test(arguments: TurnResumptionTests.texts)
  func everyPrefixOfTheRecordLeadsToTheSameReply(text: String) async throws {
    var workspace = Workspace()
    let whole = try await work(text, from: [], &workspace)
    for count in 0...whole.steps.count {
      let prefix = Array(whole.steps.prefix(count))
      if let call = cutOff(prefix), !["read_file", "list_dir"].contains(call.tool) {
        continue  // its outcome is unknown: the next test
      }
      var rest = Workspace()
      for case .result(let index, _) in prefix { _ = rest.run(try call(index, of: prefix)) }
      let resumed = try await work(text, from: prefix, &rest)
      #expect(resumed.reply == whole.reply, "after \(count) steps")
      #expect(resumed.steps == whole.steps, "after \(count) steps")
    }
  }

  @Test(arguments: TurnResumptionTests.texts)
  func callThatMayHaveHappenedIsNeverRepeated(text: String) async throws {
    var workspace = Workspace()
    let whole = try await work(text, from: [], &workspace)
    for count in 0...whole.steps.count {
      let prefix = Array(whole.steps.prefix(count))
      guard let call = cutOff(prefix), !["read_file", "list_dir"].contains(call.tool)
      else { continue }
      var rest = Workspace()
      let resumed = try await work(text, from: prefix, &rest)
      #expect(rest.runs[call.index] == nil, "after \(count) steps")
      #expect(resumed.steps[count] == .result(index: call.index, .outcomeUnknown))
      #expect(resumed.reply.contains("\(call.tool): outcome unknown: interrupted, not repeated"))
    }
  }

  @Test func idempotentCallIsRepeated() async throws {
    let call = ToolCall(index: 0, tool: "read_file", arguments: ["path": "a"])
    var workspace = Workspace()
    let resumed = try await work(
      "/read a", from: [.intent(call), .authorised(index: 0)], &workspace)
    #expect(workspace.runs == [0: 1])
    #expect(resumed.reply == "read_file: A")
  }

  @Test func everyCallOfAFreshTurnRunsOnce() async throws {
    var workspace = Workspace()
    _ = try await work("/write c one\n/write c two\n/read c", from: [], &workspace)
    #expect(workspace.runs == [0: 1, 1: 1, 2: 1])
    #expect(workspace.files["c"] == "two")
  }
}
