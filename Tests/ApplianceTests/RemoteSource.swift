// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// The real program follows a signed repository on another machine, with a credential of its own.
protocol RemoteSource {
  var host: SignedHost { get }
  var start: String { get }
  var ports: (Int, Int) { get }

  /// Writes `appliance.yaml` so that everything fits.
  func configure() throws
}

extension RemoteSource {
  static func yaml(_ ports: (Int, Int), name: String) -> String {
    """
    version: 1
    appliance: {name: \(name), incidentOwner: ops}
    gateway: {port: \(ports.0), dashboardPort: \(ports.1)}
    reconcile: {interval: 1h, health: {window: 0s}}

    """
  }

  func change(_ name: String, by signer: String? = "alice") throws -> String {
    try host.signed.commit(["kafclaw.yaml": Self.yaml(ports, name: name)], by: signer)
  }

  /// Nothing to plan with, a first start, a plan, an apply while it is stopped, and a commit by nobody.
  func requireFollowed() throws {
    try configure()
    let early = try host.run("apply", "--dry-run")
    #expect(early.code == 7)
    #expect(early.errors.contains("was not fetched yet"))
    let first = try host.run("run", "--once")
    #expect(first.code == 0, "\(first.errors)")
    #expect(try host.applied() == start)
    let second = try change("two")
    let planned = try host.run("apply", "--dry-run")
    #expect(planned.code == 0, "\(planned.errors)")
    #expect(try host.applied() == start)
    #expect(try host.apply().code == 0)
    #expect(try host.applied() == second)
    _ = try change("three", by: nil)
    #expect(try host.apply().code == 7)
    #expect(try host.applied() == second)
  }

  /// Nothing was taken over, and the refusal says why.
  func requireRefused(_ word: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for command in ["apply", "run --once"] {
      let words = command.split(separator: " ").map(String.init)
      let result = try Program.run(words, home: host.home)
      #expect(result.code == 7, "\(result.errors)", sourceLocation: sourceLocation)
      #expect(
        result.errors.contains(word), "\(result.errors)", sourceLocation: sourceLocation)
    }
    #expect(!FileManager.default.fileExists(atPath: "\(host.home)/.kafclaw/config.json"))
  }
}
