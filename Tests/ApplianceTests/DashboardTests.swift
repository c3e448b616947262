// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// The dashboard as browsers meet it, without one.
@Suite(.timeLimit(.minutes(3)))
struct DashboardTests {
  private static let pages = [
    "overview", "changes", "senders", "approvals", "trace", "backups", "audit", "incident",
  ]

  @Test("nobody sees anything without a session, and a link is good once")
  func login() async throws {
    let appliance = try RunningAppliance(name: "dashboard")
    try await appliance.startReady()
    var visitor = DashboardVisitor(appliance)
    for page in Self.pages + [""] {
      let answer = try await visitor.get("/" + page)
      #expect(answer.status == 303, "\(page)")
    }
    #expect(try await visitor.post("/act", ["deed": "reconcile"]).headers["location"] == ["/login"])

    let link = try appliance.run("dashboard", "login").output.trimmingCharacters(in: .newlines)
    let path = String(link.dropFirst(visitor.root.count))
    // Whoever only looks at the link does not use it up.
    let form = try await visitor.get(path)
    #expect(try await visitor.get(path).status == 200)
    let code = try #require(form.field("code"))
    let answer = try await visitor.enter(["code": code])
    #expect(answer.status == 303)
    let cookie = try #require(answer.headers.first(name: "set-cookie"))
    #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
    var other = DashboardVisitor(appliance)
    #expect(try await other.enter(["code": code]).status == 403)

    for page in Self.pages {
      let shown = try await visitor.get("/" + page)
      #expect(shown.status == 200, "\(page)")
      let policy = shown.headers.first(name: "content-security-policy") ?? ""
      #expect(policy.hasPrefix("default-src 'none'; style-src 'self'"))
      #expect(shown.headers.first(name: "cache-control") == "no-store")
      for word in ["<script", "http://", "https://", " on", "style="] where word != " on" {
        #expect(!shown.body.contains(word), "\(page) has \(word)")
      }
    }
    let status = try await visitor.get("/api/v1/status")
    #expect(
      status.headers.first(name: "content-security-policy")?.hasPrefix("default-src 'none'") == true
    )
    #expect(try await visitor.post("/logout", [:]).status == 403)
    let proof = try #require(try await visitor.get("/overview").field("proof"))
    #expect(
      try await visitor.post("/login", ["token": String(repeating: "x", count: 70_000)]).status
        == 413)
    var other2 = visitor
    other2.cookie =
      "kafclaw_session=" + String(repeating: "0", count: 64) + "; " + (visitor.cookie ?? "")
    #expect(try await other2.get("/overview").status == 200)
    other2.headers = [("sec-fetch-site", "cross-site")]
    #expect(try await other2.post("/logout", ["proof": proof]).status == 403)
    #expect(try await visitor.post("/logout", ["proof": proof]).status == 303)
    #expect(try await visitor.get("/overview").status == 303)
    #expect(
      try appliance.run("audit", "show", "--kind", "dashboard.login").output.contains("operator:"))
  }

  @Test("a form of another site, another session or another origin does nothing")
  func forgery() async throws {
    let appliance = try RunningAppliance(name: "dashboard-forgery")
    try await appliance.startReady()
    var one = DashboardVisitor(appliance)
    var two = DashboardVisitor(appliance)
    _ = try await one.logIn(appliance)
    _ = try await two.logIn(appliance)
    let proof = try #require(try await one.get("/incident").field("proof"))
    let contain = ["deed": "contain", "in-level": "tools", "in-reason": "x", "page": "incident"]
    for fields in [
      contain, contain.merging(["proof": ""]) { $1 }, contain.merging(["proof": proof]) { $1 },
    ] {
      #expect(try await two.post("/act", fields).status == 403)
    }
    one.headers = [("origin", "https://example.org")]
    #expect(try await one.post("/act", contain.merging(["proof": proof]) { $1 }).status == 403)
    one.headers = [("host", "example.org")]
    #expect(try await one.get("/overview").status == 421)
    #expect(try appliance.run("incident").output.contains("nothing is contained"))
  }

  @Test("a token sees what its scopes permit, gives nothing back, and ends with its client")
  func tokens() async throws {
    let appliance = try RunningAppliance(name: "dashboard-tokens")
    #expect(try appliance.run("tomb", "init").code == 0)
    try await appliance.startReady()
    let reader = try appliance.makeToken("generate", "reader", "--scope", "read")
    let worker = try appliance.makeToken(
      "generate", "worker", "--scope", "read", "--scope", "operate")
    let chatter = try appliance.makeToken("generate", "chatter", "--scope", "chat")
    var visitor = DashboardVisitor(appliance)
    #expect(try await visitor.enter(["token": chatter]).status == 403)
    #expect(try await visitor.enter(["code": reader]).status == 403)
    #expect(try await visitor.enter(["token": reader]).status == 303)
    #expect(try await visitor.get("/overview").status == 200)
    #expect(try await visitor.get("/audit").status == 403)
    #expect(try await visitor.get("/approvals").status == 403)
    let proof = try #require(try await visitor.get("/overview").field("proof"))
    #expect(try await visitor.post("/act", ["deed": "reconcile", "proof": proof]).status == 403)

    #expect(try await visitor.enter(["token": worker]).status == 303)
    let page = try await visitor.get("/incident")
    let mine = try #require(page.field("proof"))
    func act(_ deed: String, _ more: [String: String]) async throws -> DashboardVisitor.Page {
      try await visitor.post(
        "/act", ["deed": deed, "proof": mine, "in-reason": "odd <b>"].merging(more) { $1 })
    }
    let contained = try await act("contain", ["in-level": "tools"])
    #expect(contained.status == 200 && contained.body.contains("odd &lt;b&gt;"), "\(contained)")
    #expect(try await act("lift", [:]).status == 403)
    #expect(try await act("restore", ["in-stage": "1"]).status == 403)
    #expect(try await act("admit", ["in-code": "ABCDEFGH"]).status == 403)
    #expect(
      try appliance.run("audit", "show", "--kind", "audit.read").output.contains("client:worker"))
    #expect(try appliance.run("incident").output.contains("client:worker"))
    // With another token the session of the one before is over.
    #expect(try appliance.run("token", "rotate", "worker").code == 0)
    #expect(try await visitor.get("/incident").status == 303)
  }

  @Test("a call that is not seen whole is denied or left, also by a form of one's own")
  func cutCalls() async throws {
    let appliance = try RunningAppliance(name: "dashboard-cut")
    let yaml = RunningAppliance.yaml(
      port: appliance.port, dashboardPort: appliance.dashboardPort)
    try appliance.repository.commit([
      "kafclaw.yaml": yaml + "tools: {approvals: {require: [write_file]}}\n"
    ])
    try await appliance.startReady()
    let content = String(repeating: "y", count: 20_000)
    let call = #"{"message":"/call write_file {\"path\":\"x\",\"content\":\"\#(content)\"}"}"#
    let asked = try await appliance.request(
      .POST, "/chat", body: call, headers: [("Prefer", "respond-async")])
    #expect(asked.status == 202)
    var visitor = DashboardVisitor(appliance)
    _ = try await visitor.logIn(appliance)
    let seen = visitor
    let isShown = await eventually {
      (try? await seen.get("/approvals").body.contains("of 20000 bytes)")) == true
    }
    #expect(isShown)
    let page = try await visitor.get("/approvals")
    #expect(!page.body.contains("data-deed=\"approve\""))
    let act = [
      "proof": try #require(page.field("proof")), "page": "approvals",
      "subject": try #require(page.field("subject")),
    ]
    let refused = try await visitor.post("/act", act.merging(["deed": "approve"]) { $1 })
    #expect(refused.body.contains("not shown whole"), "\(refused)")
    #expect(try appliance.run("approvals", "list").output.contains("pending"))
    let denied = try await visitor.post("/act", act.merging(["deed": "deny"]) { $1 })
    #expect(denied.body.contains("write_file is denied"), "\(denied)")
  }

  @Test("who tries tokens is locked out, and the operator's link gets in all the same")
  func lockout() async throws {
    let appliance = try RunningAppliance(name: "dashboard-lockout")
    try await appliance.startReady()
    var visitor = DashboardVisitor(appliance)
    var last = 0
    for _ in 0..<40 where last != 429 {
      last = try await visitor.enter(["token": "guess"]).status
    }
    #expect(last == 429)
    // A token in the place of a code is none.
    #expect(try await visitor.enter(["code": appliance.token]).status != 303)
    #expect(try await visitor.logIn(appliance).status == 303)
    #expect(try await visitor.get("/overview").status == 200)
  }
}
