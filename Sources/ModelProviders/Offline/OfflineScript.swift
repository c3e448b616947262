// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The lines of a message as steps.
enum OfflineScript {
  enum Step: Equatable {
    /// One answer of the model.
    case calls([RequestedCall])
    case history
    /// Milliseconds.
    case wait(Int)
    case say(String)

    static func call(tool: String, arguments: JSONValue) -> Step {
      .calls([RequestedCall(tool: tool, arguments: arguments)])
    }
  }

  private static let depthLimit = 16
  private static let callLimit = 32
  private static let waitLimit = 60_000

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
    case "/calls" where !first.isEmpty: return calls(String(line.dropFirst("/calls ".count)))
    case "/wait": return wait(first)
    case "/history": return .history
    default:
      return .say(
        "unknown step: use /list, /read, /write, /call, /calls, /wait or /history")
    }
  }

  private static func wait(_ text: String) -> Step {
    guard let milliseconds = Int(text), (0...waitLimit).contains(milliseconds) else {
      return .say("/wait: 0 to \(waitLimit) milliseconds")
    }
    return .wait(milliseconds)
  }

  private static func call(_ tool: String, _ json: String) -> Step {
    guard let arguments = value(json.isEmpty ? "{}" : json), case .object = arguments else {
      return .say("/call \(tool): arguments must be a JSON object")
    }
    return .call(tool: tool, arguments: arguments)
  }

  private static func calls(_ json: String) -> Step {
    let list = value(json)?.arrayValue ?? []
    let calls = list.compactMap { item -> RequestedCall? in
      guard let pair = item.arrayValue, pair.count == 2, let tool = pair[0].stringValue,
        !tool.isEmpty, case .object = pair[1]
      else { return nil }
      return RequestedCall(tool: tool, arguments: pair[1])
    }
    guard !calls.isEmpty, calls.count == list.count, calls.count <= callLimit else {
      return .say("/calls: wants 1 to \(callLimit) calls as [[\"TOOL\", {…}], …]")
    }
    return .calls(calls)
  }

  private static func value(_ json: String) -> JSONValue? {
    // `try?`: what is wrong with it does not matter, the step is answered with its form.
    guard let value = try? ApplianceJSON.decode(JSONValue.self, from: json.utf8),
      value.depth <= depthLimit
    else { return nil }
    return value
  }
}
