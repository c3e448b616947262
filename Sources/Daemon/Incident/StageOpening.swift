// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import ControlAPI
import DesiredState
import FoundationEssentials
import Supervision
import Synchronization

/// Opens a stage after an incident: looks before, looks after, and closes it again where something is not right.
/// It is the appliance that looks, so that nobody who orders it can leave in between.
struct StageOpening: Sendable {
  /// Looks at the appliance's health after a stage was opened, one a second.
  static let looks = 5

  let actions: ControlActions

  /// - Throws: `incident.order` when the stage was not opened, or is closed again.
  func open(_ order: IncidentOrder, by actor: String) async throws -> IncidentState {
    try actions.opening.enter()
    defer { actions.opening.leave() }
    return try await openAlone(order, by: actor)
  }

  private func openAlone(_ order: IncidentOrder, by actor: String) async throws -> IncidentState {
    let desk = actions.incidents
    guard let held = desk.containment.current.containment,
      let settings = await actions.runtimeSettings()
    else {
      throw ApplianceError(
        .incidentOrder, "nothing is contained", hint: "kafclaw incident contain --reason TEXT")
    }
    guard order.reason.contains(where: { !$0.isWhitespace }), order.reason.utf8.count <= 400 else {
      throw ApplianceError(
        .malformed, "a reason of at most 400 bytes is required", hint: "--reason TEXT")
    }
    let stage = order.stage ?? 0
    var wanted = held
    wanted.channels = settings.stages.channels(upTo: stage)
    wanted.tools = settings.stages.tools(upTo: stage)
    // No other channel or tool than those that were looked at: a commit may come meanwhile.
    let limited = limited(order, to: wanted, version: held.version)
    // Closing needs no look: it takes something away.
    guard wanted.opens(beside: held) else {
      return try desk.carryOut(limited, by: actor, at: Date(), settings)
    }
    try await probe(wanted.channels.filter(settings.accounts.contains))
    var trial = limited
    trial.isTrial = true
    do {
      let opened = try desk.carryOut(trial, by: actor, at: Date(), settings)
      actions.due.ring()
      try await stayHealthy(wanted.channels)
      guard let version = opened.containment?.version,
        let settled = try desk.containment.settle(version: version)
      else {
        throw ApplianceError(
          .incidentOrder, "another order came while stage \(stage) was looked at",
          hint: "kafclaw incident show")
      }
      return settled
    } catch {
      throw closed(stage, because: ApplianceError.of(error), by: actor)
    }
  }

  /// Closes a stage that did not come to its end, whatever kept it from that.
  ///
  /// - Returns: What is said of it.
  private func closed(
    _ stage: Int, because cause: ApplianceError, by actor: String
  ) -> ApplianceError {
    do {
      guard try actions.incidents.takeBack(by: actor, at: Date()) else { return cause }
      return ApplianceError(
        cause.code, "stage \(stage) is closed again: \(cause.message)", hint: cause.hint)
    } catch {
      let unfinished = ApplianceError.of(error)
      return ApplianceError(
        unfinished.code,
        "stage \(stage) is closed again: \(cause.message); of closing it: \(unfinished.message)",
        hint: unfinished.hint)
    }
  }

  private func limited(
    _ order: IncidentOrder, to limits: Containment, version: Int
  ) -> IncidentOrder {
    IncidentOrder(
      .restore, reason: order.reason, stage: order.stage, version: order.version ?? version,
      channels: limits.channels, tools: limits.tools)
  }

  private func probe(_ channels: [String]) async throws {
    for name in channels {
      let answer = try await actions.probe(ChannelRequest(channel: name))
      if let sick = answer.channels.first(where: { !$0.isHealthy }) {
        throw ApplianceError(
          .incidentOrder, "channel \(name) is not healthy: \(sick.message ?? "not proven")",
          hint: "the stage was not opened; kafclaw channels probe \(name)")
      }
      let hostile = try await actions.hostileRequests(ChannelRequest(channel: name))
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
      let status = await actions.status()
      if let sick = status.components.first(where: { $0.health != .healthy }) {
        throw ApplianceError(
          .incidentOrder, "\(sick.name) is \(sick.health.rawValue)", hint: "kafclaw status")
      }
      let silent = status.channels.first {
        channels.contains($0.name) && $0.health == .unhealthy
      }
      if let silent {
        throw ApplianceError(
          .incidentOrder, "channel \(silent.name) is unhealthy: \(silent.message ?? "not proven")",
          hint: "kafclaw channels probe \(silent.name)")
      }
      try await Task.sleep(for: .seconds(1))
    }
  }
}

/// One stage is opened at a time: of two that are looked at at once nobody knows which one hurts.
final class StageGate: Sendable {
  private let isOpening = Mutex(false)

  /// - Throws: `incident.order`.
  func enter() throws {
    let isFree = isOpening.withLock { isOpening in
      defer { isOpening = true }
      return !isOpening
    }
    guard isFree else {
      throw ApplianceError(
        .incidentOrder, "another stage is being opened", hint: "wait, then kafclaw incident show")
    }
  }

  func leave() { isOpening.withLock { $0 = false } }
}
