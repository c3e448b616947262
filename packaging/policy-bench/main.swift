// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// Rate of policy decisions, and questions with decisions for packaging/policy-bench/oracle.py.

import ApplianceModel
import Foundation
import Policy

let tools = [
  "exec", "edit_file", "list_dir", "read_file", "search_files", "web_fetch", "write_file",
]

/// Rule i: role i (sender U<i>) + tool + tier; every 7th forbids, the others take nothing of it.
func rules(_ count: Int, ids: Int = 0) -> AccessRules {
  var rules = AccessRules(
    internal: (0..<count).map { "U\($0)" },
    channels: ["team": AccessRules.Channel(groupPolicy: .open, allow: (0..<ids).map { "S\($0)" })],
    tools: ToolPolicy(
      tiers: [.owner: .highRisk, .internal: .highRisk, .external: .read],
      taint: [.files: .write, .web: .read, .bots: .read]))
  for i in 0..<count {
    let tool = tools[i % tools.count]
    let narrowing =
      i % 7 == 0
      ? ToolNarrowing(deny: [tool])
      : ToolNarrowing(allow: ["group:read", tool], ceiling: .highRisk)
    rules.tools.rules["r\(i)"] = AccessRules.Rule(
      senders: ["U\(i)"], tiers: [.internal], tools: narrowing)
  }
  return rules
}

/// CPU seconds of this thread: other processes share the cores.
func cpu() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func measure(_ count: Int, ids: Int, taint: Set<TaintSource> = []) {
  let made = rules(count, ids: ids)
  let clock = ContinuousClock()
  var built: AccessPolicy?
  let compile = clock.measure { built = AccessPolicy(made) }
  guard let policy = built else { return }
  var state: UInt64 = 42
  func random(_ n: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(n))
  }
  let questions: [(AccessPrincipal, String)] = (0..<4096).map { _ in
    let sender =
      ids > 0 && random(2) == 0 ? "S\(random(ids))" : "U\(random(count + count / 10 + 1))"
    return (
      AccessPrincipal(
        channel: "team", client: "token:gateway", sender: sender,
        conversation: random(2) == 0 ? .direct : .room(isMention: true)), tools[random(tools.count)]
    )
  }
  var permitted = 0
  var best = 0.0
  for _ in 0..<5 {
    let start = cpu()
    for _ in 0..<100 {
      for (principal, tool) in questions {
        if policy.authorise(principal, tool: tool, taint: taint).verdict == .permitted {
          permitted += 1
        }
      }
    }
    let seconds = cpu() - start
    best = max(best, Double(100 * questions.count) / seconds)
  }
  var times: [Int64] = []
  for _ in 0..<25 {
    for (principal, tool) in questions {
      let start = clock.now
      let verdict = policy.authorise(principal, tool: tool, taint: taint).verdict
      times.append((clock.now - start).components.attoseconds / 1_000_000_000)
      if verdict == .permitted { permitted += 1 }
    }
  }
  times.sort()
  print(
    "rules \(count) ids \(ids) taint \(taint.count): \(Int(best)) decisions/s, p50 \(times[times.count / 2]) ns, p99 \(times[times.count * 99 / 100]) ns, compile \(compile), permitted \(permitted)"
  )
}

/// Lines of {rules, questions}: what an oracle is asked.
func dump(_ count: Int) throws {
  let policy = AccessPolicy(rules(count))
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys]
  struct Line: Encodable {
    let rules: Int
    let role: Int
    let tool: String
    let verdict: String
    let rule: String
  }
  for i in 0..<min(count, 300) {
    for tool in tools {
      let principal = AccessPrincipal(channel: "team", client: "c", sender: "U\(i)")
      let decision = policy.authorise(principal, tool: tool, taint: [])
      let line = Line(
        rules: count, role: i, tool: tool, verdict: decision.verdict.rawValue, rule: decision.rule)
      print(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
  }
}

if CommandLine.arguments.count > 2, CommandLine.arguments[1] == "dump" {
  try dump(Int(CommandLine.arguments[2]) ?? 100)
} else {
  for count in [10, 100, 1_000, 10_000] { measure(count, ids: 0) }
  measure(10_000, ids: 100_000)
  measure(10_000, ids: 100_000, taint: [.files, .web])
}
