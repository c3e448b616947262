// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A commit that hurts the real appliance is taken back, while the old one keeps answering.
@Suite(.serialized) struct ReturnTests {
  private let appliance: RunningAppliance

  init() throws { appliance = try RunningAppliance(name: "return") }

  private func yaml(port: Int? = nil, more: String = "") -> String {
    RunningAppliance.yaml(
      port: port ?? appliance.port, dashboardPort: appliance.dashboardPort) + more
  }

  /// Asks for replies until told to stop; returns how many failed.
  private func keepAsking(_ stop: StopSign) async -> (asked: Int, failed: Int) {
    var (asked, failed) = (0, 0)
    while !stop.isRaised {
      asked += 1
      let answer = try? await appliance.chat("n\(asked)", sender: "alice")
      if answer?.status != 200 { failed += 1 }
      stop.noteAnswer()
    }
    return (asked, failed)
  }

  private func requireTakenBack(good: String) async throws {
    let stop = StopSign()
    async let load = keepAsking(stop)
    #expect(await eventually { stop.hasAnswers })
    let result = try appliance.run("reconcile")
    stop.raise()
    let (asked, failed) = await load
    #expect(result.code == 8, "\(result.errors)")
    #expect(asked > 0)
    #expect(failed == 0, "the old configuration kept answering")
    let status = try appliance.status()
    #expect(status.revisions.applied == good)
    #expect(status.conditions.contains { $0.type == "RolledBack" })
    #expect(status.ready == false)
  }

  @Test func takenPortIsTakenBackAndNotTriedAgain() async throws {
    try await appliance.startReady()
    let good = try appliance.repository.head
    let taken = try TakenPort()
    try appliance.repository.commit(["kafclaw.yaml": yaml(port: taken.number)])
    try await requireTakenBack(good: good)
    // The same tree under another commit, with the repository away afterwards.
    try appliance.repository.git(["commit", "-q", "--allow-empty", "-m", "again"])
    let again = try appliance.run("reconcile")
    #expect(again.code == 10)
    #expect(again.errors.contains("taken back"))
    try Program.command(
      ["mv", appliance.repository.path, appliance.repository.path + ".away"])
    try Program.command(["rm", "\(appliance.home)/.kafclaw/config.json"])
    #expect(try appliance.run("reconcile").code == 7)
    #expect(
      FileManager.default.fileExists(atPath: "\(appliance.home)/.kafclaw/config.json"),
      "drift is corrected to the last good state without git")
    #expect(try await appliance.chat("hello", sender: "alice").status == 200)
  }

  @Test func misconfiguredModelIsTakenBack() async throws {
    try await appliance.startReady()
    let good = try appliance.repository.head
    try appliance.repository.commit(
      ["kafclaw.yaml": yaml(more: "agent: {model: no-such-model}\n")])
    try await requireTakenBack(good: good)
    let history = try appliance.run("history").output
    #expect(history.contains("rolled-back"))
    #expect(history.contains("no-such-model"))
  }

  @Test func suspendedApplianceSaysSoAndRollbackNeedsNoRepository() async throws {
    try await appliance.startReady()
    let first = try appliance.repository.head
    try appliance.repository.commit(
      ["kafclaw.yaml": yaml().replacingOccurrences(of: "[alice]", with: "[alice, bob]")])
    #expect(try appliance.run("reconcile").code == 0)
    try Program.command(
      ["mv", appliance.repository.path, appliance.repository.path + ".away"])
    #expect(try appliance.run("rollback", "--reason", "bob is loud", "--until", "1h").code == 0)
    #expect(try appliance.status().revisions.applied == first)
    #expect(try appliance.status().conditions.contains { $0.type == "Pinned" })
    #expect(try appliance.run("suspend", "--reason", "audit", "--until", "1h").code == 0)
    #expect(try appliance.run("status").code == 1)
    #expect(try appliance.run("status").output.contains("audit"))
    #expect(try appliance.run("resume").code == 0)
    #expect(try appliance.run("resume").code == 1)
  }
}

/// Tells a task to end.
final class StopSign: @unchecked Sendable {
  // `@unchecked Sendable`: guarded by the lock.
  private let lock = NSLock()
  private var raised = false
  private var answers = 0

  var hasAnswers: Bool { lock.withLock { answers > 0 } }
  func noteAnswer() { lock.withLock { answers += 1 } }
  var isRaised: Bool { lock.withLock { raised } }
  func raise() { lock.withLock { raised = true } }
}

/// A port of this host that somebody else listens on.
final class TakenPort {
  let number: Int
  private let descriptor: Int32

  init() throws {
    number = try FreePort.next()
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = in_port_t(UInt16(number)).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    guard bound == 0, listen(descriptor, 8) == 0 else { throw POSIXError(.EADDRINUSE) }
  }

  deinit { close(descriptor) }
}
