// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
import DesiredState
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
  /// `restore` and `lift`: the version of the containment it was made for; `nil` for any.
  public let version: Int?
  /// `restore`: no other channels and tools than these; `nil` for all of the stage.
  public let channels: [String]?
  public let tools: [ToolTier]?
  /// `restore`: whether it is looked at before it holds over a restart.
  public var isTrial: Bool?

  public init(
    _ deed: Deed, reason: String, level: Containment.Level? = nil, stage: Int? = nil,
    version: Int? = nil, channels: [String]? = nil, tools: [ToolTier]? = nil
  ) {
    (self.deed, self.reason, self.level, self.stage) = (deed, reason, level, stage)
    (self.version, self.channels, self.tools) = (version, channels, tools)
  }
}

extension ApplianceError.Code {
  /// An order that does not fit what holds.
  public static let incidentOrder = Self("incident.order")
  /// An operator ordered the appliance to stand still.
  public static let standstill = Self("incident.standstill")
  /// An order holds, and could not be stored or recorded.
  public static let incidentUnstored = Self("incident.unstored")
  /// An operator took it away for now.
  static let contained = Self("incident.contained")
}

extension AuditEvent.Kind {
  static let incident = Self("incident.order")
}

/// Carries out orders of an incident. One that gives something back is recorded, then stored, then
/// holds. One that takes something away holds first, also where it can be neither stored nor recorded,
/// and says so.
struct IncidentDesk: Sendable {
  let containment: ContainmentGuard
  let audit: AuditTrail

  /// - Parameter settings: The state in force: what a stage opens is what it says now.
  /// - Throws: `incident.unstored` for an order that holds although it could not be stored or recorded.
  func carryOut(
    _ order: IncidentOrder, by actor: String, at now: Date, _ settings: RuntimeSettings? = nil
  ) throws -> IncidentState {
    guard order.reason.contains(where: { !$0.isWhitespace }), order.reason.utf8.count <= 400 else {
      throw ApplianceError(
        .malformed, "a reason of at most 400 bytes is required", hint: "--reason TEXT")
    }
    guard order.deed == .contain || order.deed == .stop else {
      try tell(order, by: actor, .intent, at: now)
      let state: IncidentState
      do {
        state = try containment.change {
          try Self.apply(order, by: actor, at: now, settings, to: &$0)
        }
      } catch {
        // `try?`: why it failed is worth more than that this could not be recorded.
        try? tell(order, by: actor, .failed, at: now)
        throw error
      }
      try tell(order, by: actor, .done, at: now)
      return state
    }
    try takeAway(order, by: actor, at: now) {
      try Self.apply(order, by: actor, at: now, settings, to: &$0)
    }
    return containment.current
  }

  /// Closes a stage again that was not looked at to its end.
  ///
  /// - Returns: Whether there was one: an order that came meanwhile took its place.
  /// - Throws: `incident.unstored` where it is closed, and that could not be stored or recorded.
  func takeBack(by actor: String, at now: Date) throws -> Bool {
    guard let open = containment.current.containment, let before = open.before else { return false }
    let order = IncidentOrder(.restore, reason: "closed again", stage: before.stage)
    try takeAway(order, by: actor, at: now) {
      $0.containment = $0.containment?.returned()
    }
    return true
  }

  /// What takes away holds first, whatever becomes of its record.
  private func takeAway(
    _ order: IncidentOrder, by actor: String, at now: Date,
    _ body: (inout IncidentState) throws -> Void
  ) throws {
    var problems: [String] = []
    do { _ = try containment.change(takesAway: true, body) } catch {
      problems.append("it could not be stored, and ends with this process: \(Self.words(error))")
    }
    do { try tell(order, by: actor, .done, at: now) } catch {
      problems.append("it could not be recorded: \(Self.words(error))")
    }
    guard problems.isEmpty else {
      throw ApplianceError(
        .incidentUnstored, "the order HOLDS, but \(problems.joined(separator: "; "))",
        hint: "mend that, and give the order again")
    }
  }

  private static func words(_ error: any Error) -> String { ApplianceError.of(error).message }

  private static func apply(
    _ order: IncidentOrder, by actor: String, at now: Date, _ settings: RuntimeSettings?,
    to state: inout IncidentState
  ) throws {
    switch order.deed {
    case .contain:
      let level = order.level ?? .all
      if let held = state.containment {
        // A second order never gives anything back, and a weaker one is not why it holds.
        let isWeaker = level < held.level
        state.containment = Containment(
          id: held.id, level: max(held.level, level),
          reason: isWeaker ? held.reason : order.reason, by: isWeaker ? held.by : actor,
          since: held.since, version: held.version + 1)
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
      try require(order.version, of: held)
      held.before = order.isTrial == true ? held.present : nil
      held.stage = stage
      held.channels = (settings?.stages.channels(upTo: stage) ?? []).filter {
        order.channels?.contains($0) ?? true
      }
      held.tools = (settings?.stages.tools(upTo: stage) ?? []).filter {
        order.tools?.contains($0) ?? true
      }
      held.version += 1
      state.containment = held
    case .lift:
      guard let held = state.containment else { throw Self.notContained }
      try require(order.version, of: held)
      state.containment = nil
    case .stop:
      state.standstill = Standstill(reason: order.reason, by: actor, since: now)
    case .start:
      guard state.standstill != nil else {
        throw ApplianceError(
          .incidentOrder, "the appliance was not told to stand still", hint: "kafclaw run")
      }
      state.standstill = nil
    }
  }

  /// Somebody else's order came in between.
  private static func require(_ version: Int?, of held: Containment) throws {
    guard version == nil || version == held.version else {
      throw ApplianceError(
        .incidentOrder, "another order came meanwhile: \(held.words)", hint: "kafclaw incident show"
      )
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
    let result = Result { try desk.carryOut(order, by: actor, at: Date()) }
    _ = consume lock
    guard case .failure(let error as ApplianceError) = result, error.code == .incidentUnstored,
      state != desk.containment.current
    else { return try result.get() }
    // Only what is in the file outlives this process.
    throw ApplianceError(
      .incidentUnstored, "nothing is ordered: it could not be stored",
      hint: "mend that, and give the order again")
  }
}
