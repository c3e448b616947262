// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// The dashboard in a real browser.
@Suite(
  .enabled(if: WebDriver.path != nil, "no chromedriver here"), .timeLimit(.minutes(5)), .serialized)
struct DashboardBrowserTests {
  private static let script =
    "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>"

  @Test("somebody logs in, approves, contains, restores and lifts; nothing leaves the machine")
  func walk() async throws {
    let bench = try await ChannelBench("browser")
    let channels = ChannelBench.channels(bench.platforms.url)
      .replacing("allow: [builder]", with: "allow: [builder], stage: 1")
    try bench.write(channels, more: "tools: {approvals: {require: [write_file]}}\n")
    try await bench.start()
    let browser = try await WebDriver(in: bench.appliance.scratch)
    do { try await walk(bench, browser) } catch {
      await browser.end()
      throw error
    }
    await browser.end()
  }

  private func walk(_ bench: ChannelBench, _ browser: WebDriver) async throws {
    let appliance = bench.appliance
    let root = "http://127.0.0.1:\(appliance.dashboardPort)"
    let asked = try await appliance.request(
      .POST, "/chat", body: #"{"message":"/call write_file {\"path\":\"x\",\"content\":\"y\"}"}"#,
      headers: [("Prefer", "respond-async")])
    #expect(asked.status == 202)

    try await browser.open(
      try appliance.run("dashboard", "login").output.trimmingCharacters(in: .newlines))
    try await keep(browser, "login")
    try await browser.click("form[action='/login'] button")
    #expect(await eventually { (try? await browser.address) == root + "/overview" })
    #expect(
      await eventually {
        (try? appliance.run("approvals", "list").output.contains("write_file")) == true
      })
    try await browser.open(root + "/approvals")
    try await keep(browser, "approvals")
    #expect(await reads(browser, "write_file"))
    try await browser.click("form[data-deed='approve'] button")
    #expect(await reads(browser, "write_file is"))
    #expect(
      await eventually {
        FileManager.default.fileExists(atPath: appliance.home + "/.kafclaw/work-repo/x")
          || FileManager.default.fileExists(atPath: appliance.home + "/.kafclaw/workspace/x")
      })

    try await browser.open(root + "/incident")
    try await browser.type("odd calls", into: "form[data-deed='contain'] input[name='in-reason']")
    try await browser.click("form[data-deed='contain'] button")
    #expect(await reads(browser, "Contained: all"))
    try await browser.open(root + "/overview")
    try await keep(browser, "contained")
    #expect(await reads(browser, "odd calls"))
    #expect(try await bench.hook(#"{"sender":"builder","message":"x"}"#, id: "e1").status == 403)

    try await browser.open(root + "/incident")
    try await browser.type("checked", into: "form[data-deed='restore'] input[name='in-reason']")
    try await browser.click("form[data-deed='restore'] button")
    #expect(await reads(browser, "stages up to 1 are back"))
    #expect(try await bench.hook(#"{"sender":"builder","message":"x"}"#, id: "e2").status == 202)
    try await browser.open(root + "/incident")
    try await keep(browser, "incident")
    try await browser.type("over", into: "form[data-deed='lift'] input[name='in-reason']")
    try await browser.click("form[data-deed='lift'] button")
    #expect(await reads(browser, "Nothing is contained"))

    try await scripts(bench, browser, root)
    for page in ["changes", "senders", "backups", "audit", "trace"] {
      try await browser.open("\(root)/\(page)")
      try await keep(browser, page)
    }
    for request in try await browser.requests() {
      #expect(
        request.hasPrefix(root + "/") || request.hasPrefix("data:") || request.hasPrefix("chrome"),
        "\(request)")
    }
  }

  /// What anybody can write into a field that a page shows.
  private func scripts(_ bench: ChannelBench, _ browser: WebDriver, _ root: String) async throws {
    let script = Self.script
    let json = String(
      decoding: try JSONEncoder().encode(["sender": script, "message": script]), as: UTF8.self)
    _ = try await bench.hook(json, id: "s1")
    _ = try await bench.slack(ChannelBench.slackMessage(script, ts: "9.1"))
    _ = try await bench.appliance.request(
      .POST, "/chat",
      body: String(
        decoding: try JSONEncoder().encode(["message": script, "session": script]), as: UTF8.self))
    _ = try bench.appliance.run(
      "incident", "contain", "--level", "tools", "--keep-token", "--reason", script)
    let query = script.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    for path in [
      "/overview", "/senders", "/audit", "/incident", "/approvals", "/trace?message=\(query)",
      "/login?code=\(query)",
    ] {
      try await browser.open(root + path)
      #expect(try await browser.source.contains("<title>owned") == false, "\(path)")
      #expect(try await browser.count("script, img") == 0, "\(path)")
    }
    try await browser.open(root + "/incident")
    #expect(await reads(browser, "<script>document.title"))
    #expect(try bench.appliance.run("incident", "lift", "--reason", "seen").code == 0)
  }

  /// Whether a person comes to read some words: a page may still be on its way.
  private func reads(_ browser: WebDriver, _ words: String) async -> Bool {
    await eventually { (try? await browser.words.contains(words)) == true }
  }

  /// Keeps a picture where somebody asks for them.
  private func keep(_ browser: WebDriver, _ name: String) async throws {
    guard let folder = ProcessInfo.processInfo.environment["KAFCLAW_PICTURES"] else { return }
    try await browser.picture().write(to: URL(fileURLWithPath: "\(folder)/\(name).png"))
  }
}
