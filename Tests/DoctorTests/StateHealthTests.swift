// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Testing

@testable import Doctor

/// Healthy hosts: no check of this area claims anything.
struct StateHealthTests {
  private func findings(_ host: HostBuilder) async -> [String] {
    var found: [String] = []
    for check in Checks.state {
      let result = await host.examine(check)
      if result.status != .pass { found.append("\(result.id): \(result.evidence)") }
    }
    return found
  }

  /// Nothing but that it was never started.
  @Test func freshHost() async throws {
    let host = try HostBuilder()
    let folders = host.paths.folders.map { "\($0) does not exist" }.joined(separator: "; ")
    #expect(
      await findings(host) == [
        "state.folders: \(folders)",
        "appliance.running: no process holds \(host.paths.lock)",
      ])
  }

  @Test func hostWithoutAnything() async throws {
    var host = try HostBuilder()
    (host.bootstrap, host.desired) = (.success(nil), .success(nil))
    try DurableFile.removeIfPresent(host.paths.bootstrapFile)
    #expect(
      await findings(host).map { $0.prefix { $0 != ":" } } == [
        "bootstrap.valid", "appliance.running",
      ])
  }

  @Test func runningHost() async throws {
    var host = try HostBuilder()
    try host.run()
    #expect(await findings(host) == [])
  }

  /// As `mkdir` and an editor leave them.
  @Test func configurationThatOthersMayRead() async throws {
    var host = try HostBuilder()
    try host.run()
    try host.setMode(0o755, of: host.paths.configuration)
    try host.setMode(0o644, of: host.paths.bootstrapFile)
    #expect(await findings(host) == [])
  }

  @Test func identifiersAreUniqueAndNamedByArea() {
    let ids = Checks.state.map(\.id)
    #expect(Set(ids).count == ids.count)
    #expect(ids.allSatisfy { $0.split(separator: ".").count == 2 })
    #expect(Checks.state.allSatisfy { $0.group == .doctor })
  }
}
