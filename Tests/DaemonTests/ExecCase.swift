// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Timeline

@testable import Daemon
@testable import DesiredState

extension ApplianceSpec {
  /// With one program, and no sandbox that could run it: nothing is started.
  static func running(_ binary: String) -> ApplianceSpec {
    var spec = ApplianceSpec.roomy
    var profile = ExecProfileSpec()
    profile.binary = binary
    spec.tools.exec.profiles = ["look": profile]
    (spec.skills.runtimeIsolation, spec.skills.sandbox) = (.host, .podman)
    return spec
  }
}

extension ToolCall {
  static func exec(_ index: Int, _ argument: String) -> ToolCall {
    ToolCall(
      index: index, tool: ToolName.exec,
      arguments: ["profile": "look", "arguments": [.string(argument)]])
  }
}

extension AccessBench {
  var workRepo: String { paths.agentFolder(ApplianceSpec().agent.workRepo) }

  /// Anybody may write on `team` and use every tool; the agent's folders are there.
  func permitExec() async throws {
    try await store.setChannel("team", AccessRules.Channel(dmPolicy: .open))
    try await store.setToolPolicy(
      ToolPolicy(
        tiers: [.unknown: .highRisk],
        taint: [.files: .highRisk, .web: .highRisk, .bots: .highRisk]))
    try PrivateFolder.create(paths.agentFolder(ApplianceSpec().agent.workspace))
    try PrivateFolder.create(workRepo)
  }

  /// A turn of some stranger, leased to `worker`.
  func turn(_ worker: String, key: String = "1") async throws -> MessageID {
    let id = try await queue(
      InboundMessage(
        channel: "team", client: "channel:team", sender: "U1", session: key, text: "hello",
        idempotencyKey: key))
    _ = try await lease(worker)
    return id
  }

  /// The same with a call that is recorded.
  func turn(_ worker: String, asking call: ToolCall, key: String = "1") async throws -> MessageID {
    let id = try await turn(worker, key: key)
    try await record(.intent(call), of: id, worker)
    return id
  }
}
