// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
public import DurableIO
import FoundationEssentials
import Reconciliation
import SodiumCrypto

/// What an operator can order during an incident.
public struct IncidentOrder: Sendable, Codable, Equatable {
  public enum Deed: String, Sendable, Codable {
    case contain
    /// Lets the channels and tools of stages up to one work again.
    case restore
    /// Ends the containment.
    case lift
    /// Ends the appliance until ``start``.
    case stop
    case start
  }

  public let deed: Deed
  public let reason: String
  public let level: Containment.Level?
  public let stage: Int?

  public init(
    _ deed: Deed, reason: String, level: Containment.Level? = nil, stage: Int? = nil
  ) {
    (self.deed, self.reason, self.level, self.stage) = (deed, reason, level, stage)
  }
}

extension ApplianceError.Code {
  /// An order that does not fit what holds.
  public static let incidentOrder = Self("incident.order")
  /// An operator ordered the appliance to stand still.
  public static let standstill = Self("incident.standstill")
}

extension AuditEvent.Kind {
  static let incident = Self("incident.order")
}

/// Carries out orders of an incident: recorded, then held, then stored. An order that takes something
/// away holds even where it can be neither recorded nor stored, and says so.
struct IncidentDesk: Sendable {
  let containment: ContainmentGuard
  let audit: AuditTrail

  func carryOut(_ order: IncidentOrder, by actor: String, at now: Date) throws -> IncidentState {
    guard !order.reason.isEmpty, order.reason.utf8.count <= 400 else {
      throw ApplianceError(
        .malformed, "a reason of at most 400 bytes is required", hint: "--reason TEXT")
    }
    let takesAway = order.deed == .contain || order.deed == .stop
    var failure: (any Error)?
    do { try tell(order, by: actor, .intent, at: now) } catch {
      guard takesAway else { throw error }
      failure = error
    }
    let state = try containment.change { try Self.apply(order, by: actor, at: now, to: &$0) }
    do { try tell(order, by: actor, .done, at: now) } catch { failure = failure ?? error }
    if let failure { throw failure }
    return state
  }

  private static func apply(
    _ order: IncidentOrder, by actor: String, at now: Date, to state: inout IncidentState
  ) throws {
    switch order.deed {
    case .contain:
      let level = order.level ?? .all
      if let held = state.containment {
        // A second order never gives anything back.
        state.containment = Containment(
          id: held.id, level: max(held.level, level), reason: order.reason, by: actor,
          since: held.since)
      } else {
        state.containment = Containment(
          id: SecureRandom.hexadecimal(bytes: 6), level: level, reason: order.reason, by: actor,
          since: now)
      }
    case .restore:
      guard var held = state.containment else { throw Self.notContained }
      guard let stage = order.stage, (0...9).contains(stage) else {
        throw ApplianceError(.malformed, "a stage is from 0 to 9", hint: "--stage N")
      }
      held.stage = stage
      state.containment = held
    case .lift:
      guard state.containment != nil else { throw Self.notContained }
      state.containment = nil
    case .stop:
      state.standstill = Standstill(reason: order.reason, by: actor, since: now)
    case .start:
      guard state.standstill != nil else {
        throw ApplianceError(.incidentOrder, "the appliance was not told to stand still")
      }
      state.standstill = nil
    }
  }

  private static var notContained: ApplianceError {
    ApplianceError(
      .incidentOrder, "nothing is contained", hint: "kafclaw incident contain --reason TEXT")
  }

  private func tell(
    _ order: IncidentOrder, by actor: String, _ outcome: AuditEvent.Outcome, at now: Date
  ) throws {
    var details = ["reason": order.reason]
    details["level"] = order.level?.rawValue
    details["stage"] = order.stage.map(String.init)
    try audit.record(
      [
        AuditEvent(
          .incident, by: actor, on: "incident/\(order.deed.rawValue)", outcome, at: now,
          details: details)
      ], at: now)
  }
}

/// The same while the appliance is not running: what is ordered holds from its next start.
public struct StoppedIncident: Sendable {
  private let paths: AppliancePaths

  public init(_ paths: AppliancePaths) { self.paths = paths }

  public var state: IncidentState { IncidentFile(paths).read() }

  /// - Throws: `io.lock-held` when it is running after all.
  public func carryOut(_ order: IncidentOrder, by actor: String) throws -> IncidentState {
    for folder in paths.folders { try PrivateFolder.create(folder) }
    let lock = try FileLock(acquiring: paths.lock, purpose: "kafclaw incident")
    let desk = IncidentDesk(
      containment: ContainmentGuard(IncidentFile(paths)), audit: HostAudit(paths).trail)
    let state = try desk.carryOut(order, by: actor, at: Date())
    _ = consume lock
    return state
  }
}
