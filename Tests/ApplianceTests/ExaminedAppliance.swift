// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What `--json` of the commands that examine a host prints, as far as tests look at it.
struct Examined: Decodable {
  struct Check: Decodable {
    struct Suppressed: Decodable { let owner: String }
    let id: String
    let status: String
    let evidence: String
    let remedy: String
    /// Whether there was anything to look at.
    let applies: Bool
    let suppressed: Suppressed?

    /// Whether it tells of the machine that the tests run on.
    var isOfTheMachine: Bool { id.hasPrefix("host.") || id.hasPrefix("sandbox.") }
  }
  struct Repair: Decodable, Equatable {
    let check: String
    let outcome: String
  }
  let checks: [Check]
  let repairs: [Repair]?

  /// Every finding that is not one of the machine, with its status.
  var findings: [String: String] {
    let found = checks.filter { $0.status != "pass" && !$0.isOfTheMachine }
    return Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0.status) })
  }

  func check(_ id: String) -> Check? { checks.first { $0.id == id } }
}

extension RunningAppliance {
  /// The variables of somebody who has the token.
  var variables: [String: String] { ["KAFCLAW_GATEWAY_AUTH_TOKEN": token] }

  /// Runs a command, by default with the token's variable set.
  func command(_ words: [String], _ environment: [String: String]? = nil) throws -> Program.Result {
    try Program.run(words, home: home, environment: environment ?? variables)
  }

  /// Runs a command that examines the host, with `--json`.
  func examine(
    _ words: [String] = ["doctor"], _ environment: [String: String]? = nil
  ) throws -> Examined {
    let result = try command(words + ["--json"], environment)
    // `try?`: what it printed instead stands in the error.
    guard let found = try? JSONDecoder().decode(Examined.self, from: Data(result.output.utf8))
    else { throw Unexamined(words: words, errors: result.errors) }
    return found
  }

  struct Unexamined: Error {
    let words: [String]
    let errors: String
  }

  /// The text of the desired state, with more fields.
  func yaml(_ more: String = "") -> String {
    Self.yaml(port: port, dashboardPort: dashboardPort) + more
  }

  /// Commits a desired state, and applies it without starting anything for good.
  func applyOnce(_ text: String) throws {
    try repository.commit(["kafclaw.yaml": text])
    let result = try command(["run", "--once"])
    guard result.code == 0 else { throw Unexamined(words: ["run"], errors: result.errors) }
  }
}
