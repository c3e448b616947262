// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Whatever is broken on a host is found, nothing else is, and what the remedy says clears it.
@Suite struct BrokenHostTests {
  private let appliance: RunningAppliance

  init() throws {
    appliance = try RunningAppliance(name: "broken")
    #expect(try appliance.command(["tomb", "init"]).code == 0)
    #expect(try appliance.command(["run", "--once"]).code == 0)
  }

  private func script(_ text: String, in folder: String = "home") throws {
    let result = try Program.command(
      ["sh", "-c", "cd \(appliance.scratch.path)/\(folder)\n" + Breakage.words + text])
    try #require(result.code == 0, "\(text): \(result.errors)")
  }

  private func findings(
    _ words: [String], _ environment: [String: String]? = nil
  ) throws -> Set<String> {
    Set(try appliance.examine(words, environment).findings.keys)
  }

  @Test func everyBreakageIsFoundAloneAndCleared() throws {
    try script("mkdir whole; cp -a home config whole", in: ".")
    var before: [[String]: Set<String>] = [:]
    for breakage in Breakage.all {
      let words = breakage.examination
      let whole = try before[words] ?? findings(words)
      before[words] = whole
      var variables = breakage.lacksToken ? [:] : appliance.variables
      variables.merge(breakage.environment) { _, new in new }
      try script(breakage.harm)
      let found = try appliance.examine(words, variables)
      let ids = Set(found.findings.keys)
      #expect(
        ids.subtracting(whole) == breakage.findings && whole.isSubset(of: ids),
        "\(breakage.name): \(ids.symmetricDifference(whole).sorted())")
      #expect(!found.checks.contains { $0.evidence.contains(Breakage.key) }, "\(breakage.name)")
      switch breakage.cure {
      case .program(let command): _ = try appliance.command(command, variables)
      case .script(let text): try script(text)
      }
      let end = try findings(words, breakage.lacksToken ? [:] : nil)
      #expect(end == whole, "\(breakage.name): \(end.symmetricDifference(whole).sorted())")
      try script("rm -rf home config kept; cp -a whole/home whole/config .", in: ".")
    }
  }

  @Test func portOfAnotherProgramIsFound() throws {
    let whole = try findings(["security", "check"])
    let other = try Listener(on: appliance.port)
    let found = try appliance.examine(["security", "check"])
    #expect(Set(found.findings.keys).subtracting(whole) == ["appliance.ports"])
    #expect(found.check("appliance.ports")?.evidence.contains("port \(appliance.port)") == true)
    other.end()
    #expect(try findings(["security", "check"]) == whole)
  }

  /// A desired state that is refused does not run, and is told by the running appliance; before the
  /// first apply the repository's own is looked at.
  @Test func desiredStateIsExamined() async throws {
    let whole = try findings(["security", "check"])
    let open = appliance.yaml().replacing("type: web,", with: "type: web, dmPolicy: open,")
    try appliance.applyOnce(open)
    #expect(
      try findings(["security", "check"]).subtracting(whole)
        == ["policy.guardrails", "senders.wildcards"])
    try appliance.applyOnce(appliance.yaml())
    #expect(try findings(["security", "check"]) == whole)
    try await appliance.startReady()
    #expect(try findings(["doctor"]) == [])
    try appliance.repository.commit(
      [
        "kafclaw.yaml": appliance.yaml().replacing(
          "reconcile: {", with: "reconcile: {windows: [], ")
      ])
    #expect(try appliance.command(["reconcile"]).code == 11)
    #expect(try appliance.examine().findings == ["appliance.converged": "fail"])
    try appliance.repository.commit(["kafclaw.yaml": appliance.yaml()])
    #expect(try appliance.command(["reconcile"]).code == 0)
    #expect(try findings(["doctor"]) == [])
    appliance.stop()
  }

  @Test func fieldWithoutEffectIsFoundBeforeTheFirstApply() throws {
    let fresh = try RunningAppliance(name: "broken")
    let whole = try fresh.examine().findings
    for (text, finding) in [
      (
        fresh.yaml().replacing("reconcile: {", with: "reconcile: {windows: [], "), "desired.pending"
      ),
      (fresh.yaml("foo: 3\n"), "desired.valid"),
    ] {
      try fresh.repository.commit(["kafclaw.yaml": text])
      let found = try fresh.examine()
      let failed = found.checks.filter { $0.status == "fail" }.map(\.id)
      #expect(failed == [finding])
    }
    try fresh.repository.commit(["kafclaw.yaml": fresh.yaml()])
    #expect(try fresh.examine().findings == whole)
  }

  @Test func whatAKilledApplianceLeavesIsRemoved() async throws {
    try await appliance.startReady()
    try script("chmod 644 .kafclaw/timeline.db")
    #expect(try appliance.examine().findings == ["state.modes": "fail"])
    #expect(try appliance.command(["doctor", "--fix"]).code == 0)
    #expect(try appliance.examine().findings == [:])
    appliance.killSupervisor()
    #expect(
      try appliance.examine().findings == ["state.leftovers": "warn", "appliance.running": "warn"])
    let fixed = try appliance.examine(["doctor", "--fix"])
    #expect(fixed.repairs == [.init(check: "state.leftovers", outcome: "done")])
    #expect(try appliance.examine().findings == ["appliance.running": "warn"])
    try await appliance.startReady()
    #expect(try appliance.examine().findings == [:])
    appliance.stop()
  }
}

/// Holds a port of the loopback.
private struct Listener {
  private let descriptor: Int32

  init(on port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var reuse: Int32 = 1
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        setsockopt(
          descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size)) == 0
          && bind(descriptor, generic, size) == 0
      }
    }
    guard isBound, listen(descriptor, 1) == 0 else { throw SetupFailure(what: "port \(port)") }
  }

  func end() { close(descriptor) }
}
