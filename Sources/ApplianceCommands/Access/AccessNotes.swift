// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Daemon
import DurableIO
import FoundationEssentials
import Reconciliation

/// What decides beside the rules of the desired state, in the running appliance as it is now: a containment, and
/// senders who were admitted for a while.
enum AccessNotes {
  /// - Parameter asked: A folder that was asked about instead has nothing to do with the appliance.
  static func of(
    _ principal: AccessPrincipal, asked: String?, _ paths: AppliancePaths
  ) async -> [String] {
    guard asked == nil else { return [] }
    do {
      guard let client = try ControlClient.ofRunningAppliance(paths) else {
        return IncidentFile(paths).read().containment.map { [words($0)] } ?? []
      }
      let incident = try await client.get(ControlRoutes.incident, as: IncidentReport.self)
      let pairings = try await client.post(
        ControlRoutes.pairings, PairingRequest(), as: PairingResponse.self
      ).pairings
      return [incident.state.containment.map(words), admission(of: principal, in: pairings)]
        .compactMap { $0 }
    } catch {
      return ["the running appliance was not asked: \(ApplianceError.of(error).message)"]
    }
  }

  private static func words(_ held: Containment) -> String {
    "but the appliance is contained: \(VisibleText.escape(held.words))"
  }

  private static func admission(
    of principal: AccessPrincipal, in pairings: [Pairing]
  ) -> String? {
    guard principal.conversation == .direct, let sender = principal.sender,
      let held = pairings.first(where: {
        $0.state == .approved && $0.channel == principal.channel && $0.sender == sender
      })
    else { return nil }
    let end = held.until.formatted(.iso8601)
    return
      "but a pairing admits this sender until \(end), to talk without tools, where no rule knows them"
  }
}
