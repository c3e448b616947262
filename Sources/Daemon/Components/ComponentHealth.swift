// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Reconciliation
import Supervision

/// What the reconciler asks of the components.
enum ComponentHealth {
  static func processes(of supervisors: [ComponentSupervisor]) async -> [String: Int] {
    var processes: [String: Int] = [:]
    for supervisor in supervisors {
      let status = await supervisor.status
      processes[status.name] = status.pid
    }
    return processes
  }

  static func problems(of supervisors: [ComponentSupervisor]) async -> [HealthProblem] {
    var problems: [HealthProblem] = []
    for supervisor in supervisors {
      let status = await supervisor.status
      guard status.health != .healthy else { continue }
      problems.append(
        HealthProblem(
          status.name,
          "\(status.name) is \(status.health.rawValue): \(status.message ?? "no answer")",
          isFinal: await supervisor.isCrashLooping))
    }
    return problems + (await channelProblems(of: supervisors))
  }

  /// Channels whose platform did not accept them since they began. One that was accepted and lost its
  /// platform is no fault of a change.
  private static func channelProblems(
    of supervisors: [ComponentSupervisor]
  ) async -> [HealthProblem] {
    let gateway = supervisors.first { $0.name == .gateway }
    return (await gateway?.report()?.channels ?? []).filter { !$0.isHealthy && !$0.isProven }.map {
      HealthProblem(
        "channel/\($0.name)", "channel \($0.name): \($0.message ?? "not proven yet")",
        isFinal: $0.isFinal)
    }
  }
}
