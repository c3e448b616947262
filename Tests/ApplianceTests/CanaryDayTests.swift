// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A day of an appliance with a secret in every place that may hold one: afterwards each is found
/// where the operator put it, and nowhere else.
@Suite struct CanaryDayTests {
  @Test func secretsStayWhereTheOperatorPutThem() async throws {
    var day = try CanaryDay()
    try day.prepare()
    try await day.appliance.startReady()
    try await day.useTokens()
    try day.useTheTomb()
    try day.examine()
    try day.lookBack()
    try await day.askWrongly()
    try await day.breakDown()
    try day.hunt.lookAtProcesses()
    let supervisor = day.appliance.supervisor
    #expect(day.hunt.content(of: "/proc/\(supervisor)/cmdline")?.isEmpty == false)
    #expect(day.appliance.stop() == 0)
    day.hunt.look(at: try day.appliance.logText, called: "log")
    try day.hunt.look(below: day.appliance.scratch.path)
    let credential = "\(day.appliance.home)/.config/kafclaw/credentials/service"
    #expect(day.hunt.found == ["credential in \(credential), plain"])
    #expect(day.hunt.placeCount > 100)
  }
}

private struct CanaryDay {
  let appliance: RunningAppliance
  var hunt = CanaryHunt()
  private var recipient = ""

  init() throws {
    appliance = try RunningAppliance(name: "canary")
    hunt.add("variable", appliance.token)
  }

  /// Runs a command; what it prints is searched.
  @discardableResult
  private mutating func run(
    _ words: String..., code: Int32 = 0, input: String? = nil
  ) throws -> String {
    let result = try Program.run(
      words, home: appliance.home, environment: appliance.variables, input: input)
    #expect(result.code == code, "\(words): \(result.errors)")
    hunt.look(at: result.output + result.errors, called: words.joined(separator: " "))
    return result.output
  }

  /// Runs a command that shows a secret once, on standard output alone.
  private mutating func show(_ name: String, _ words: String...) throws -> String {
    let result = try Program.run(words, home: appliance.home, environment: appliance.variables)
    #expect(result.code == 0, "\(result.errors)")
    hunt.look(at: result.errors, called: "errors of \(words.joined(separator: " "))")
    let secret = try #require(
      result.output.split(separator: "\n").first { $0.hasPrefix("kafclaw_") || $0.contains("-") })
    hunt.add(name, String(secret))
    if name == "recovery" {
      let known = try #require(
        result.errors.firstMatch(of: /kafclaw-recipient-[0-9a-f]+/)?.output)
      recipient = String(known)
    }
    return String(secret)
  }

  private func write(_ name: String, _ text: String) throws {
    try appliance.scratch.write("home/.config/kafclaw/\(name)", text)
    try Program.command(["chmod", "600", "\(appliance.home)/.config/kafclaw/\(name)"])
  }

  mutating func prepare() throws {
    _ = try show("recovery", "tomb", "init")
    try run("tomb", "set", "service", input: hunt.make("entry"))
    try write("credentials/service", hunt.make("credential"))
    try Program.command(["chmod", "700", "\(appliance.home)/.config/kafclaw/credentials"])
    try write("env", "OTHER_API_KEY=\(hunt.make("env file"))\n")
    try run("init", "\(appliance.home)/new")
    try run("validate", appliance.repository.path)
    for form in ["human", "json", "markdown"] {
      try run("apply", "--dry-run", "--output", form)
      try run("apply", "--dry-run", appliance.repository.path, "--output", form)
    }
  }

  mutating func useTokens() async throws {
    for message in ["hello", "/read ../../.config/kafclaw/env", "/read ../tomb/entries.sealed"] {
      try run("chat", "-m", message)
    }
    let first = try show("first token", "token", "generate", "ci")
    let second = try show("second token", "token", "rotate", "ci")
    let revoked = try show("revoked token", "token", "generate", "guest")
    try run("token", "revoke", "guest")
    try run("token", "verify", input: second)
    try run("token", "verify", code: 1, input: first)
    try run("token", "verify", code: 1, input: revoked)
    try run("token", "list")
    try run("token", "list", "--json")
    #expect(try await appliance.answer(to: second) == 200)
    #expect(try await appliance.answer(to: revoked) == 401)
  }

  mutating func useTheTomb() throws {
    try run("tomb", "rotate", "service", input: hunt.make("rotated entry"))
    try run("tomb", "list")
    try run("tomb", "list", "--json")
    try run("tomb", "rotate-key")
    try run("tomb", "verify")
    try run("tomb", "export", "--to", recipient, "--file", "\(appliance.home)/export")
  }

  mutating func examine() throws {
    try run("doctor", code: 1)
    try run("doctor", "--json", code: 1)
    try run("doctor", "--fix", "--dry-run", code: 1)
    try run("doctor", "--fix")
    try run("doctor", "--output", "sarif")
    try run("doctor", "--patch")
    for command in [["check"], ["audit", "--deep", "--skip", "probe.slow"]] {
      let words = ["security"] + command + ["--skip", "host.upgradable", "--json"]
      let result = try appliance.command(words)
      hunt.look(at: result.output + result.errors, called: words.joined(separator: " "))
      let found = try JSONDecoder().decode(Examined.self, from: Data(result.output.utf8))
      #expect(found.findings == ["source.verified": "warn"])
    }
  }

  mutating func lookBack() throws {
    let records = try run("audit", "show", "--limit", "1000", "--json")
    let id = try #require(records.firstMatch(of: /"id" : "([0-9a-f]+)"/)?.1)
    try run("audit", "explain", String(id), "--json")
    try run("audit", "verify")
    try run("audit", "checkpoint", "--json")
    try run("history")
    try run("history", "--json")
    try run("status")
    try run("status", "--json")
    try run("source", "show")
    try run("config", "why", "gateway.auth.token")
  }

  /// Requests whose answers could give back what they were sent.
  mutating func askWrongly() async throws {
    let token = appliance.token
    for (path, body, bearer) in [
      ("/chat?token=\(token)", "{\"message\":\"x\"}", token), ("/\(token)", "{}", token),
      ("/chat", "{\"message\":\"x\"}", token + "x"), ("/chat", "{\"mess", token),
      ("/chat", "{\"message\":1}", token), ("/chat", "{}", ""),
    ] {
      let answer = try await appliance.request(.POST, path, body: body, token: bearer)
      hunt.look(at: answer.body + "\(answer.headers)", called: "answer \(answer.status)")
    }
  }

  mutating func breakDown() async throws {
    let gateway = try #require(try appliance.status().pid("gateway"))
    kill(pid_t(gateway), SIGKILL)
    let isBack = await eventually {
      // `try?`: an appliance that does not answer is asked again.
      guard let status = try? appliance.status() else { return false }
      return status.ready && status.pid("gateway") != gateway
    }
    #expect(isBack)
    appliance.killSupervisor()
    try run("doctor")
    try await appliance.startReady()
    try run("doctor")
    try run("chat", "-m", "hello again")
  }
}
