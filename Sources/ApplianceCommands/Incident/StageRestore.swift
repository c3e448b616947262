// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Daemon
import DesiredState
import Foundation

/// Opens a stage: looks before, looks after, and closes it again where something is not right.
struct StageRestore {
  /// Looks at the appliance's health after a stage was opened, one a second.
  static let looks = 5

  let client: ControlClient
  let stage: Int
  let reason: String
  let options: GlobalOptions

  func run() async throws {
    let before = try await client.get(ControlRoutes.incident, as: IncidentReport.self)
    guard let held = before.state.containment else {
      throw ApplianceError(
        .incidentOrder, "nothing is contained", hint: "kafclaw incident contain --reason TEXT")
    }
    let state = try await client.get(ControlRoutes.desired, as: LoadedState.self)
    var wanted = held
    wanted.channels = RestoreStages(state.spec).channels(upTo: stage)
    wanted.tools = RestoreStages(state.spec).tools(upTo: stage)
    // Closing needs no look: it takes something away.
    guard wanted.opens(beside: held) else {
      return try IncidentText.render(
        try await order(stage, wanted, held.version), options.format)
    }
    try await probe(wanted.channels.filter { state.spec.channels[$0]?.type.hasAccount == true })
    let opened = try await order(stage, wanted, held.version)
    do { try await stayHealthy(wanted.channels) } catch {
      if let version = opened.state.containment?.version {
        _ = try await order(held.stage, held, version)
      }
      let cause = ApplianceError.of(error)
      throw ApplianceError(
        cause.code, "stage \(stage) is closed again: \(cause.message)", hint: cause.hint)
    }
    try IncidentText.render(opened, options.format)
  }

  /// - Parameters:
  ///   - limits: Opens no channel and no tool but these: a commit may have come since the look.
  ///   - version: Of the containment that was looked at: somebody may order more meanwhile.
  private func order(
    _ stage: Int, _ limits: Containment, _ version: Int
  ) async throws -> IncidentReport {
    try await client.post(
      ControlRoutes.incident,
      IncidentOrder(
        .restore, reason: reason, stage: stage, version: version, channels: limits.channels,
        tools: limits.tools),
      as: IncidentReport.self)
  }

  private func probe(_ channels: [String]) async throws {
    for name in channels {
      let answer = try await client.post(
        ControlRoutes.probe, ChannelRequest(channel: name), as: ChannelsResponse.self)
      if let sick = answer.channels.first(where: { !$0.isHealthy }) {
        throw ApplianceError(
          .incidentOrder, "channel \(name) is not healthy: \(sick.message ?? "not proven")",
          hint: "the stage was not opened; kafclaw channels probe \(name)")
      }
      let hostile = try await client.post(
        ControlRoutes.hostile, ChannelRequest(channel: name), as: HostileResponse.self)
      let results = try await HostileProbe(channel: name, url: hostile.url).run(hostile.requests)
      if let taken = results.first(where: { !$0.isRefused }) {
        throw ApplianceError(
          .incidentOrder,
          "channel \(name) answered \(taken.status) to a request that is \(taken.name)",
          hint: "the stage was not opened; kafclaw channels probe --hostile \(name)")
      }
    }
  }

  /// Everything but the containment itself has to be as it should.
  private func stayHealthy(_ channels: [String]) async throws {
    for _ in 0..<Self.looks {
      let status = try await client.get(ControlRoutes.status, as: ApplianceStatus.self)
      let sick = status.components.first { $0.health != .healthy }
      let silent = status.channels.first { channels.contains($0.name) && $0.health == .unhealthy }
      if let silent {
        throw ApplianceError(
          .incidentOrder, "channel \(silent.name) is unhealthy: \(silent.message ?? "not proven")",
          hint: "kafclaw channels probe \(silent.name)")
      }
      if let sick {
        throw ApplianceError(
          .incidentOrder, "\(sick.name) is \(sick.health.rawValue)", hint: "kafclaw status")
      }
      try await Task.sleep(for: .seconds(1))
    }
  }
}
