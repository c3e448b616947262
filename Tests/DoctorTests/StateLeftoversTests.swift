// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import TestSupport
import Testing

@testable import Doctor

/// What a crash leaves behind.
struct StateLeftoversTests {
  private let host: HostBuilder

  init() throws {
    host = try HostBuilder()
    try host.use()
  }

  /// No process has such a number.
  private static let ended = Int32.max

  private func temporary(_ folder: String, pid: Int32 = ended) -> String {
    "\(folder)/.kafclaw-\(pid)-1.tmp"
  }

  @Test func temporaryFilesOfEndedProcessesAreRemoved() async throws {
    #expect(await host.examine(.stateLeftovers).isPass)
    let left = [host.paths.state, host.paths.configuration, host.paths.audit].map { temporary($0) }
    for path in left { try host.write("", to: path) }
    let result = await host.examine(.stateLeftovers)
    #expect(result.status == .warn)
    for path in left { #expect(result.evidence.contains("\(path) is left over")) }
    let report = await host.repair(.stateLeftovers)
    #expect(report.steps.count == 3)
    #expect(report.failed == [])
    for path in left { #expect(host.mode(of: path) == nil) }
    #expect(await host.examine(.stateLeftovers).isPass)
  }

  @Test func temporaryFilesInUseStay() async throws {
    let path = temporary(host.paths.state, pid: getppid())
    try host.write("", to: path)
    #expect(await host.examine(.stateLeftovers).isPass)
    #expect(host.mode(of: path) != nil)
  }

  @Test func filesOfTheAgentAreNotLookedAt() async throws {
    try host.write("", to: temporary(host.paths.agentFolder("workspace")))
    #expect(await host.examine(.stateLeftovers).isPass)
  }

  @Test func socketThatNobodyAnswersIsRemoved() async throws {
    let socket = host.paths.controlSocket
    try listen(on: socket)
    let result = await host.examine(.stateLeftovers)
    #expect(result.status == .warn)
    #expect(result.evidence == "nobody answers on \(socket)")
    #expect(await host.repair(.stateLeftovers).failed == [])
    #expect(host.mode(of: socket) == nil)
    #expect(await host.examine(.stateLeftovers).isPass)
  }

  @Test func socketOfARunningApplianceStays() async throws {
    var host = host
    host.isRunning = true
    try listen(on: host.paths.controlSocket)
    #expect(await host.examine(.stateLeftovers).isPass)
  }

  /// Started after the check had looked.
  @Test func socketOfAnApplianceThatStartsMeanwhileStays() async throws {
    let socket = host.paths.controlSocket
    try listen(on: socket)
    let lock = try FileLock(acquiring: host.paths.lock, purpose: "kafclaw run")
    let report = await host.repair(.stateLeftovers)
    #expect(report.failed.map(\.error?.code) == [.lockHeld])
    #expect(host.mode(of: socket) != nil)
    _ = consume lock
  }

  @Test func lockOfAnEndedProcessIsNone() async throws {
    try host.write("pid 1 (kafclaw run)\n", to: host.paths.lock)
    let result = await host.examine(.stateLeftovers)
    #expect(result.isPass)
    #expect(result.evidence.contains("locks nothing"))
  }

  @Test func cutOffApplyIsTold() async throws {
    var host = host
    #expect(await host.examine(.leftoverJournal).isPass)
    try host.write("{}\n", to: host.paths.journal)
    let result = await host.examine(.leftoverJournal)
    #expect(result.status == .warn)
    #expect(result.evidence.contains(host.paths.journal))
    host.isRunning = true
    #expect(await host.examine(.leftoverJournal).isNotApplicable)
  }

  /// A socket that was bound by a process that is gone.
  private func listen(on path: String) throws {
    let address = try SocketAddressPath(path)
    let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(number) }
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: address.path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let bound = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, size) }
    }
    guard bound == 0, chmod(path, 0o600) == 0 else { throw SetupFailure(what: path) }
  }
}
