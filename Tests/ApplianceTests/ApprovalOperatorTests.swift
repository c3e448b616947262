// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Only an operator decides about a call, and never one who asked for it.
@Suite(.serialized, .appliance("operators", ApprovalDesired.text()))
struct ApprovalOperatorTests {
  private let appliance: RunningAppliance

  init() throws { appliance = try #require(ApplianceScope.current) }

  private func decide(
    _ id: String, _ token: String, word: String = "approve"
  ) async throws -> RunningAppliance.Answer {
    try await appliance.request(
      .POST, "/api/v1/approvals/\(id)", body: "{\"decision\":\"\(word)\"}",
      port: appliance.dashboardPort, token: token)
  }

  @Test("who asked on the host may not approve on the host")
  func operatorDoesNotApproveItsOwn() async throws {
    let asked = try appliance.run(
      "chat", "-m", "/call exec {\"profile\":\"echo\",\"arguments\":[\"own\"]}")
    #expect(asked.code != 0 && asked.errors.contains("waits for an operator's approval"))
    let waiting = try #require(try appliance.approvals().last { $0.state == "pending" })
    let own = try appliance.run("approvals", "approve", waiting.id)
    #expect(own.code != 0 && own.errors.contains("may not approve it"), "\(own.errors)")
    #expect(try appliance.approvals().first { $0.id == waiting.id }?.state == "pending")
    let other = try appliance.makeToken("generate", "chief", "--scope", "operate")
    #expect(try await decide(waiting.id, other).status == 200)
    // `try?`: asked again.
    #expect(
      await eventually {
        (try? appliance.approvals())?.first { $0.id == waiting.id }?.state == "used"
      })
  }

  @Test("a client that asked may deny its call, and not approve it")
  func clientDoesNotApproveItsOwn() async throws {
    let own = try appliance.makeToken(
      "generate", "both", "--scope", "chat", "--scope", "operate")
    var question = try RunningAppliance.Question.exec("echo", ["hi"], from: "olga")
    question.token = own
    let waiting = try await appliance.ask(question)
    let id = try appliance.approval(of: waiting).id
    let refused = try await decide(id, own)
    #expect(refused.status == 403)
    #expect(refused.value("type") == "urn:kafclaw:problem:approval-requester")
    #expect(try await decide(id, own, word: "deny").status == 200)
    #expect(try await decide(id, own, word: "deny").status == 409)
    #expect(try await decide("0000000000000000", own).status == 404)
    let reply = try await appliance.reply(to: waiting, token: own)
    #expect(reply.contains("denied"), "\(reply)")
  }

  @Test("approvals are read and decided with the scope operate alone")
  func scopeIsNeeded() async throws {
    let waiting = try await appliance.ask(.exec("echo", ["hi"], from: "olga"))
    let id = try appliance.approval(of: waiting).id
    let reader = try appliance.makeToken(
      "generate", "reader", "--scope", "chat", "--scope", "read", "--scope", "scrape")
    for token in [reader, appliance.token] {
      let answers = [
        try await decide(id, token),
        try await appliance.request(
          .GET, "/api/v1/approvals", port: appliance.dashboardPort, token: token),
      ]
      for answer in answers {
        #expect(answer.status == 403)
        #expect(answer.value("type") == "urn:kafclaw:problem:insufficient-scope")
      }
    }
    #expect(try await decide(id, "wrong-\(UUID().uuidString)-\(UUID().uuidString)").status == 401)
    #expect(try appliance.approval(of: waiting).id == id)
    let chief = try appliance.makeToken("generate", "second", "--scope", "operate")
    #expect(try await decide(id, chief).status == 200)
    #expect(try await appliance.reply(to: waiting) == "exec: hi\n")
  }
}
