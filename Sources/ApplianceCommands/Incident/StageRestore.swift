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
    // Closing needs no look: it takes something away.
    guard stage > held.stage else {
      return try IncidentText.render(try await order(stage, held.version), options.format)
    }
    try await probe(try await channelsToOpen())
    let opened = try await order(stage, held.version)
    do { try await stayHealthy() } catch {
      if let version = opened.state.containment?.version {
        _ = try await order(held.stage, version)
      }
      let cause = ApplianceError.of(error)
      throw ApplianceError(
        cause.code, "stage \(stage) is closed again: \(cause.message)", hint: cause.hint)
    }
    try IncidentText.render(opened, options.format)
  }

  /// - Parameter version: Of the containment that was looked at: somebody may order more meanwhile.
  private func order(_ stage: Int, _ version: Int) async throws -> IncidentReport {
    try await client.post(
      ControlRoutes.incident,
      IncidentOrder(.restore, reason: reason, stage: stage, version: version),
      as: IncidentReport.self)
  }

  /// The channels of the stage that have an account.
  private func channelsToOpen() async throws -> [String] {
    let state = try await client.get(ControlRoutes.desired, as: LoadedState.self)
    return state.spec.channels.filter { _, channel in
      channel.type.hasAccount && channel.stage.map { $0.value <= stage } == true
    }.keys.sorted()
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
          .incidentOrder, "channel \(name) took a request that is \(taken.name)",
          hint: "the stage was not opened; kafclaw channels probe --hostile \(name)")
      }
    }
  }

  /// Everything but the containment itself has to be as it should.
  private func stayHealthy() async throws {
    for _ in 0..<Self.looks {
      let status = try await client.get(ControlRoutes.status, as: ApplianceStatus.self)
      let sick = status.components.first { $0.health != .healthy }
      if let sick {
        throw ApplianceError(
          .incidentOrder, "\(sick.name) is \(sick.health.rawValue)", hint: "kafclaw status")
      }
      try await Task.sleep(for: .seconds(1))
    }
  }
}
