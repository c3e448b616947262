// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ControlAPI
import DesiredState

/// What the appliance must say of its providers or channels.
enum ExpectedParts {
  /// - Parameters:
  ///   - names: Those that the desired state wants.
  ///   - part: The appliance's own word for them.
  static func verdict(
    _ host: Host, _ part: KeyPath<ApplianceStatus, [ApplianceStatus.Expectation]>,
    names: (ApplianceSpec) -> [String]
  ) throws -> Verdict {
    guard let spec = try host.validState?.spec else {
      return Verdict(.fail, "there is no desired state", remedy: "kafclaw init DIR")
    }
    guard let status = host.status else {
      return Verdict(
        .fail, host.isRunning ? "the appliance does not answer" : "no appliance is running",
        remedy: "kafclaw run")
    }
    let told = status[keyPath: part].filter(\.expected)
    let missing = names(spec).filter { name in !told.contains { $0.name == name } }
      .map { "\($0) is not in kafclaw status" }
    let ill = told.filter { $0.health != .healthy }.map { "\($0.name) is \($0.health.rawValue)" }
    let healthy = told.map(\.name).listed()
    return .of(
      missing + ill, otherwise: told.isEmpty ? "none is declared" : "\(healthy) healthy")
  }
}
