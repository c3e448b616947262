// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DurableIO
import FoundationEssentials

/// `incident.json`: what an operator ordered during an incident. Read at every start, before anybody
/// is served.
public struct IncidentFile: Sendable {
  private let path: String

  public init(_ paths: AppliancePaths) { path = paths.incident }

  /// What holds. A file that cannot be read contains everything, and keeps the appliance from starting:
  /// whoever damaged it must not be the one who lifts what it said.
  public func read() -> IncidentState {
    do {
      guard let bytes = try DurableFile.readIfPresent(path, limit: 1 << 16) else {
        return IncidentState()
      }
      let state = try ApplianceJSON.decode(IncidentState.self, from: bytes)
      guard state.formatVersion == IncidentState().formatVersion else {
        throw ApplianceError(.malformed, "it is of another version of kafclaw")
      }
      return state
    } catch {
      let unknown = Containment(
        id: "unknown", level: .all,
        reason: "\(path) cannot be read: \(ApplianceError.of(error).message)",
        by: "supervisor", since: Date(timeIntervalSince1970: 0))
      // What it said of standing still nobody knows either.
      let standstill = Standstill(reason: unknown.reason, by: unknown.by, since: unknown.since)
      return IncidentState(containment: unknown, standstill: standstill)
    }
  }

  public func write(_ state: IncidentState) throws {
    try DurableFile.replace(path, with: ApplianceJSON.encode(state, pretty: true), mode: 0o600)
  }
}
