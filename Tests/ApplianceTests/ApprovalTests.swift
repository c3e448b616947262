// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A call of a high-risk tool waits for an operator's word, and runs exactly as it was shown.
@Suite(.serialized, .appliance("approvals", ApprovalDesired.text()))
struct ApprovalTests {
  private typealias Question = RunningAppliance.Question

  private let appliance: RunningAppliance

  init() throws { appliance = try #require(ApplianceScope.current) }

  private func decide(_ word: String, _ id: String, _ more: String...) throws {
    let result = try Program.run(
      ["approvals", word, id] + more, home: appliance.home)
    #expect(result.code == 0, "\(result.errors)")
  }

  private func ask(_ arguments: [String], in session: String) async throws
    -> RunningAppliance.Answer
  {
    try await appliance.ask(.exec("echo", arguments, from: "olga", in: session))
  }

  @Test("an owner's command waits, is shown, and runs once it is approved")
  func approvedCommandRuns() async throws {
    let waiting = try await ask(["hi", "two words", "'; id"], in: "approved")
    #expect(waiting.status == 202)
    #expect(waiting.value("state") == "waiting")
    let shown = try appliance.run("approvals", "list").output
    for line in [
      "asked by web/gateway/olga", "binary: /usr/bin/echo", "argument 1: hi",
      "argument 2: two words", "argument 3: '; id", "network: no",
    ] {
      #expect(shown.contains("\n  \(line)"), "\(shown)")
    }
    try decide("approve", try appliance.approval(of: waiting).id)
    #expect(try await appliance.reply(to: waiting) == "exec: hi two words '; id\n")
    let seen = try appliance.run("audit", "show", "--kind", "tool.approval").output
    #expect(seen.contains("word=approved"), "\(seen)")
  }

  @Test("what a model wrote cannot look like a line of the list")
  func argumentsAreEscaped() async throws {
    let content = "text\n  network: yes\n\tx"
    let waiting = try await appliance.ask(
      .call("write_file", ["path": "a.txt", "content": content], from: "olga", in: "escaped"))
    let shown = try appliance.run("approvals", "list").output
    #expect(
      shown.contains("\n  content: text\\u{a}  network: yes\\u{a}\\u{9}x\n"), "\(shown)")
    try decide("deny", try appliance.approval(of: waiting).id)
    for argument in ["\u{202E}gpj.exe", "a\u{200B}b", "\u{1B}[2J", "a\nb"] {
      let answer = try await ask([argument], in: "escaped")
      #expect(answer.value("reply")?.contains("cannot be seen") == true, "\(answer.body)")
    }
  }

  @Test("a denied command does not run, and its sender is told")
  func deniedCommandDoesNotRun() async throws {
    let waiting = try await ask(["hi"], in: "denied")
    try decide("deny", try appliance.approval(of: waiting).id, "--note", "not today")
    #expect(
      try await appliance.reply(to: waiting)
        == "exec: failed: exec needed an approval, which was denied")
  }

  @Test("a word that is not given in time counts as no")
  func undecidedCommandExpires() async throws {
    try appliance.change(appliance.yaml(ApprovalDesired.text(lifetime: "10s")))
    let waiting = try await ask(["hi"], in: "late")
    let id = try appliance.approval(of: waiting).id
    #expect(
      try await appliance.reply(to: waiting)
        == "exec: failed: exec needed an approval, which was not given in time")
    let late = try appliance.run("approvals", "approve", id)
    #expect(late.code != 0 && late.errors.contains("expired"), "\(late.errors)")
    try appliance.change(appliance.yaml(ApprovalDesired.text()))
  }

  @Test("neither a restart nor a crash loses a call that waits, nor a word that was given")
  func waitingCallSurvives() async throws {
    let waiting = try await ask(["hi"], in: "restart")
    let id = try appliance.approval(of: waiting).id
    #expect(appliance.stop() == 0)
    try await appliance.startReady()
    #expect(try appliance.approval(of: waiting).id == id)
    appliance.killSupervisor()
    try await appliance.startReady()
    #expect(try appliance.approval(of: waiting).id == id)
    try decide("approve", id)
    appliance.killSupervisor()
    try await appliance.startReady()
    let reply = try await appliance.reply(to: waiting)
    // Between its start and its record a command may have run, and does not run again.
    #expect(
      ["exec: hi\n", "exec: outcome unknown: interrupted, not repeated"].contains(reply),
      "\(reply)")
    #expect(try appliance.approvals().first { $0.id == id }?.state == "used")
  }

  @Test("a word is not given for another content of a file that the call names")
  func changedFileNeedsAnotherWord() async throws {
    try appliance.scratch.write("home/.kafclaw/work-repo/list.txt", "harmless")
    let question = try Question.exec("cat", ["list.txt"], from: "olga", in: "changed")
    let waiting = try await appliance.ask(question)
    let first = try appliance.approval(of: waiting)
    try appliance.scratch.write("home/.kafclaw/work-repo/list.txt", "harmful")
    try decide("approve", first.id)
    #expect(
      try await eventually {
        try appliance.approvals().contains { $0.message == first.message && $0.id != first.id }
      })
    try decide("deny", try appliance.approval(of: waiting).id)
    let reply = try await appliance.reply(to: waiting)
    #expect(!reply.contains("harm"), "\(reply)")
  }

  @Test("an approved call does not run when the rules deny it by then")
  func rulesBindApprovedCalls() async throws {
    let waiting = try await ask(["hi"], in: "rules")
    let denying = ApprovalDesired.text().replacingOccurrences(
      of: "tools:\n", with: "tools:\n  deny: [exec]\n")
    try appliance.change(appliance.yaml(denying))
    try decide("approve", try appliance.approval(of: waiting).id)
    let reply = try await appliance.reply(to: waiting)
    #expect(reply == "exec: failed: exec is denied by tools.deny (tool-denied)")
    try appliance.change(appliance.yaml(ApprovalDesired.text()))
  }

  @Test("a word for two runs is good for two of the same call in its session")
  func wordForTwoRuns() async throws {
    let waiting = try await ask(["again"], in: "twice")
    let id = try appliance.approval(of: waiting).id
    try decide("approve", id, "--uses", "2")
    #expect(try await appliance.reply(to: waiting) == "exec: again\n")
    for (arguments, session) in [(["other"], "twice-b"), (["again", ""], "twice-b")] {
      let other = try await ask(arguments, in: session)
      #expect(other.status == 202, "\(other.body)")
      try decide("deny", try appliance.approval(of: other).id)
      _ = try await appliance.reply(to: other)
    }
    #expect(try await ask(["again"], in: "twice").value("reply") == "exec: again\n")
    #expect(try appliance.approvals().first { $0.id == id }?.state == "used")
    for arguments in [["again"], ["other"]] {
      let third = try await ask(arguments, in: "twice")
      #expect(third.status == 202, "\(third.body)")
      try decide("deny", try appliance.approval(of: third).id)
      _ = try await appliance.reply(to: third)
    }
  }

  @Test("later messages of a session wait with it, and other sessions go on")
  func onlyItsSessionWaits() async throws {
    let waiting = try await ask(["hi"], in: "busy")
    var next = Question("hello", from: "olga", in: "busy")
    next.isAsync = true
    let later = try await appliance.ask(next)
    #expect(try await appliance.ask("hello", from: "olga", in: "free").status == 200)
    #expect(try await appliance.ask("hello", from: "otto", in: "busy").status == 200)
    let id = try #require(later.value("id"))
    #expect(try await appliance.message(id).value("state") == "queued")
    try decide("deny", try appliance.approval(of: waiting).id)
    #expect(try await appliance.reply(to: later).hasSuffix("you said: hello"))
  }
}

/// What the desired state says where operators decide.
enum ApprovalDesired {
  static func text(lifetime: String = "10m") -> String {
    """
    senders: {owners: [olga, otto], internal: [ines]}
    tools:
      approvals: {require: [exec, write_file], lifetime: \(lifetime)}
      exec:
        profiles:
          echo: {binary: /usr/bin/echo}
          cat: {binary: /usr/bin/cat}

    """
  }
}
