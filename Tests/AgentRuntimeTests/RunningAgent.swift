// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import DurableIO
import Foundation
import Logging
import Planning

@testable import AgentRuntime

/// An agent at one end of a real socket, a script at the other.
final class RunningAgent: Sendable {
  let link: SupervisorLink
  let supervisor = ScriptedSupervisor()
  let workspace: String
  private let service: AgentService
  private let home: String

  private init() throws {
    var template = Array("/tmp/kafclaw-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw ApplianceError.system("create", "/tmp") }
    home = String(cString: made)
    workspace = home + "/workspace"
    for folder in [workspace, home + "/work-repo"] { try PrivateFolder.create(folder) }
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw ApplianceError.system("make", "socket pair")
    }
    link = SupervisorLink(owning: ends[0], name: "test")
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    service = AgentService(link: ComponentLink(owning: ends[1], name: "agent"), logger: logger)
  }

  deinit {
    // `try?`: what is left over lies in /tmp and disturbs nobody.
    try? FileManager.default.removeItem(atPath: home)
  }

  /// Runs an agent while `body` runs; the end of the socket ends it.
  static func run(
    isConfigured: Bool = true, _ body: (RunningAgent) async throws -> Void
  ) async throws {
    let agent = try RunningAgent()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await agent.service.run() }
      group.addTask { await agent.link.run { try await agent.supervisor.answer($0) } }
      defer { agent.link.close() }
      if isConfigured { _ = try await agent.link.call(.configure(agent.configuration())) }
      try await body(agent)
    }
  }

  /// Runs an agent until it ends by itself; `body` is to see to that.
  static func runUntilExit(
    _ body: @escaping @Sendable (RunningAgent) async throws -> Void
  ) async throws {
    let agent = try RunningAgent()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await agent.link.run { try await agent.supervisor.answer($0) } }
      group.addTask {
        _ = try await agent.link.call(.configure(agent.configuration()))
        try await body(agent)
      }
      await agent.service.run()
      try await group.waitForAll()
    }
  }

  func configuration(
    _ change: (inout ApplianceSpec) -> Void = { _ in }
  ) -> ComponentConfiguration {
    var spec = ApplianceSpec()
    spec.appliance.name = "Claw"
    spec.agent.workspace = workspace
    spec.agent.workRepo = home + "/work-repo"
    change(&spec)
    let settings = AgentSettings(spec: spec, paths: .user(home: home)).json
    return ComponentConfiguration(
      digest: Digest(rawValue: CanonicalJSON.text(settings)), settings: settings)
  }

  func exists(_ file: String) -> Bool {
    FileManager.default.fileExists(atPath: workspace + "/" + file)
  }

  static func work(
    _ id: String, _ text: String, tools: Set<String> = ToolName.known, steps: [TurnStep] = []
  ) -> Work {
    Work(
      id: MessageID(rawValue: id), traceID: TraceID(rawValue: "trace-" + id),
      session: SessionKey(rawValue: "session-" + id), senderTier: .owner, text: text,
      attempt: steps.isEmpty ? 1 : 2, steps: steps, history: [], tools: tools.sorted())
  }
}
