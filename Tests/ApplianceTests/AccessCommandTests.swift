// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What the commands say about access is what happens.
@Suite(.serialized, .appliance("access", RichAccess.text))
struct AccessCommandTests {
  private typealias Question = RunningAppliance.Question

  private let appliance: RunningAppliance

  init() throws { appliance = try #require(ApplianceScope.current) }

  private static let arguments: [String: String] = [
    "read_file": #"{"path":"none.txt"}"#, "list_dir": #"{"path":""}"#,
    "search_files": #"{"text":"x"}"#, "write_file": #"{"path":"w.txt","content":"x"}"#,
    "edit_file": #"{"path":"w.txt","old":"x","new":"y"}"#,
    "exec": #"{"profile":"echo","arguments":["hi"]}"#,
    "web_fetch": #"{"url":"https://example.org/"}"#,
  ]

  private struct Decision: Decodable, Equatable {
    let verdict: String
    let rule: String
  }

  private struct Explained: Decodable {
    struct Explanation: Decodable { let decision: Decision }
    let explanation: Explanation
  }

  private func explain(_ words: [String]) throws -> (decision: Decision, code: Int32) {
    let result = try Program.run(
      ["access", "explain", "--json"] + words, home: appliance.home)
    let said = try JSONDecoder().decode(Explained.self, from: Data(result.output.utf8))
    return (said.explanation.decision, result.code)
  }

  private struct Planned: Decodable {
    struct Reach: Decodable {
      let who: String
      let conversation: String
      let gains: [String]
    }
    let reach: [Reach]
  }

  /// Verdicts by sender, then tool: from the plan that leads here from a state without tools.
  private func reach() throws -> [String: [String: String]] {
    let bare = RichAccess.text.replacingOccurrences(of: "[search_files]", with: "[\"group:all\"]")
    try appliance.change(appliance.yaml(bare))
    try appliance.repository.commit(["kafclaw.yaml": appliance.yaml(RichAccess.text)])
    let result = try appliance.run("apply", "--dry-run", "--json")
    let plan = try JSONDecoder().decode(Planned.self, from: Data(result.output.utf8))
    #expect(try appliance.run("reconcile").code == 0)
    var verdicts: [String: [String: String]] = [:]
    for reach in plan.reach where reach.conversation != "room" {
      for gain in reach.gains {
        let words = gain.split(separator: " ").map(String.init)
        verdicts[reach.who.replacing("\"", with: ""), default: [:]][words[0]] =
          words.count > 1 ? "needs-approval" : "permitted"
      }
    }
    return verdicts
  }

  /// What happens when a sender makes the agent call a tool.
  private func happens(_ sender: String, _ tool: String) async throws -> Decision {
    let call = "/call \(tool) \(Self.arguments[tool] ?? "{}")"
    let answer = try await appliance.ask(call, from: sender, in: "table-\(tool)")
    if answer.status == 202 {
      let id = try appliance.approval(of: answer).id
      #expect(try appliance.run("approvals", "deny", id).code == 0)
      _ = try await appliance.reply(to: answer)
    }
    let decisions = try appliance.run("access", "decisions", "--limit", "1", "--json")
    let latest = try JSONDecoder().decode(Decided.self, from: Data(decisions.output.utf8))
    let last = try #require(latest.decisions.first)
    switch answer.status {
    case 202: return Decision(verdict: "needs-approval", rule: last.rule)
    case 403: return Decision(verdict: "denied", rule: last.rule)
    default:
      let isDenied = answer.value("reply")?.contains(" is denied by \(last.rule) ") == true
      return Decision(verdict: isDenied ? "denied" : "permitted", rule: last.rule)
    }
  }

  private struct Decided: Decodable {
    struct One: Decodable {
      let rule: String
      let tool: String?
      let verdict: String
    }
    let decisions: [One]
  }

  @Test("explain, the plan's reach and what happens agree")
  func threePlacesAgree() async throws {
    let reach = try reach()
    let table: [(sender: String, tool: String, verdict: String)] = [
      ("olga", "read_file", "permitted"), ("olga", "write_file", "permitted"),
      ("olga", "exec", "needs-approval"), ("olga", "edit_file", "needs-approval"),
      ("olga", "search_files", "denied"), ("olga", "web_fetch", "permitted"),
      ("ines", "write_file", "permitted"), ("ines", "edit_file", "needs-approval"),
      ("ines", "exec", "denied"), ("rita", "read_file", "permitted"),
      ("rita", "write_file", "denied"), ("alice", "list_dir", "permitted"),
      ("alice", "read_file", "denied"), ("both", "read_file", "denied"),
      ("mallory", "list_dir", "denied"),
    ]
    for (sender, tool, verdict) in table {
      let said = try explain(
        ["--path", appliance.repository.path, "--sender", sender, "--tool", tool]
      ).decision
      let comment = "\(sender) \(tool)"
      #expect(said.verdict == verdict, "\(comment): \(said)")
      #expect(reach[sender]?[tool] ?? "denied" == verdict, "\(comment): \(reach)")
      let happened = try await happens(sender, tool)
      #expect(happened == said, "\(comment)")
    }
  }

  @Test("explain names the rule, its file, line and commit, and tells the verdict by its code")
  func explanationNamesItsPlace() throws {
    let lines = try String(
      contentsOfFile: "\(appliance.repository.path)/kafclaw.yaml", encoding: .utf8
    ).split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.contains("deny: [both]") }) + 1
    let commit = try appliance.repository.head.prefix(12)
    let denied = try appliance.run("access", "explain", "--sender", "both")
    #expect(denied.code == 3)
    let place = denied.output.split(separator: "\n").dropFirst().first ?? ""
    #expect(place.contains("by senders.deny (both), kafclaw.yaml:\(line)"), "\(place)")
    #expect(place.hasSuffix("in commit \(commit)"), "\(place)")
    for (words, code) in [
      (["--sender", "ines", "--tool", "write_file"], 0), (["--sender", "mallory"], 3),
      (["--sender", "olga", "--tool", "exec"], 2), (["--tool", "nothing"], 3),
      (["--sender", "olga", "--channel", "nowhere"], 3), (["--sender", "olga"], 0),
      (["--sender", "olga", "--room"], 3), (["--sender", "olga", "--room", "--mention"], 0),
    ] as [([String], Int32)] {
      #expect(try explain(words).code == code, "\(words)")
    }
  }

  @Test("who-can and what-can list by tool and by sender")
  func listsNameEverybody() throws {
    let who = try appliance.run("access", "who-can", "exec").output
    #expect(who.contains("web olga [any]: needs-approval (approval-required)"), "\(who)")
    #expect(!who.contains("ines") && !who.contains("both"), "\(who)")
    let all = try appliance.run("access", "who-can", "exec", "--all").output
    #expect(all.contains("ines") && all.contains("rita"), "\(all)")
    let unknown = try appliance.run("access", "who-can", "shell")
    #expect(unknown.code != 0 && unknown.errors.contains("there is no tool"))
    let what = try appliance.run("access", "what-can", "--sender", "alice").output
    #expect(what.contains("list_dir: permitted (within-tier)"), "\(what)")
    #expect(what.contains("search_files: denied (tool-denied) by tools.deny"), "\(what)")
    #expect(what.contains("read_file: denied (not-allowed) by tools.rules.outside"), "\(what)")
  }

  @Test("deny beats allow, and a name that only looks like a sender's is nobody's")
  func strangersStayOutside() async throws {
    let denied = try await appliance.ask("hello", from: "both")
    #expect(denied.status == 403)
    #expect(denied.value("type") == "urn:kafclaw:problem:sender-denied")
    for name in ["Alice", "ALICE", "alice@example.org", "alice.", "@alice", "web:alice"] {
      let answer = try await appliance.ask("hello", from: name)
      #expect(answer.status == 403, "\(name)")
      #expect(answer.value("type") == "urn:kafclaw:problem:unknown-sender")
    }
    // Letters of other alphabets, spaces and invisible characters are in no platform id.
    for name in ["\u{430}lice", "alice ", "ali\u{200D}ce", "alice\n", "alice\u{301}"] {
      #expect(try await appliance.ask("hello", from: name).status == 400, "\(name)")
    }
  }

  @Test("who is not admitted is recorded and counted, and rooms want a mention")
  func refusalsAreCounted() async throws {
    let before = try await denials()
    #expect(try await appliance.ask("hello", from: "eve-7").status == 403)
    var room = Question("hello", from: "olga")
    room.room = "r1"
    let silent = try await appliance.ask(room)
    #expect(silent.status == 403)
    #expect(silent.value("type") == "urn:kafclaw:problem:mention-required")
    room.mention = true
    #expect(try await appliance.ask(room).status == 200)
    let after = try await denials()
    for reason in ["unknown-sender", "mention-required"] {
      #expect(after[reason, default: 0] == before[reason, default: 0] + 1, "\(after)")
    }
    let shown = try appliance.run("access", "decisions").output
    #expect(shown.contains("web eve-7: denied (unknown-sender) by channels.web.dmPolicy"))
    let audit = try appliance.run("audit", "show", "--kind", "access.admission").output
    #expect(audit.contains("by sender:web/eve-7"), "\(audit)")
  }

  private func denials() async throws -> [String: Int] {
    let token = try appliance.makeToken(
      "generate", "scraper-\(UUID().uuidString.prefix(8).lowercased())", "--scope", "scrape")
    let text = try await appliance.request(
      .GET, "/metrics", port: appliance.dashboardPort, token: token
    ).body
    var counts: [String: Int] = [:]
    for match in text.matches(of: /kafclaw_denied_messages_total\{reason="([^"]+)"\} (\d+)/) {
      counts[String(match.1)] = Int(match.2)
    }
    return counts
  }

  @Test("changed rules bind the next message, and nothing is started again")
  func rulesChangeLive() async throws {
    let before = try appliance.status().components.map(\.pid)
    let without = RichAccess.text.replacingOccurrences(of: "[ines, rita]", with: "[rita]")
    #expect(try await appliance.ask("hello", from: "ines").status == 200)
    try appliance.change(appliance.yaml(without))
    #expect(try await appliance.ask("hello", from: "ines").status == 403)
    #expect(try explain(["--sender", "ines"]).code == 3)
    try appliance.change(appliance.yaml(RichAccess.text))
    #expect(try await appliance.ask("hello", from: "ines").status == 200)
    #expect(try appliance.status().components.map(\.pid) == before)
  }
}

/// Access rules of every kind.
private enum RichAccess {
  static let text = """
    senders:
      owners: [olga, both]
      internal: [ines, rita]
      deny: [both]
    tools:
      deny: [search_files]
      taint: {files: high-risk}
      approvals: {require: [exec, edit_file]}
      rules:
        reader: {senders: [rita], ceiling: read}
        outside: {tiers: [external], allow: ["list_dir"]}
      exec:
        profiles:
          echo: {binary: /usr/bin/echo}

    """
}
