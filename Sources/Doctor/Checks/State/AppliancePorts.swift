// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState

extension Check {
  /// A port that another program holds keeps the gateway from listening, and the change from being
  /// applied.
  static let appliancePorts = Check(
    "appliance.ports", "The gateway can listen on its ports", .high,
    reference: "bind(2)", remedy: "end what listens there (ss -ltnp), or choose another port",
    detect: { host in
      if host.isRunning { return GatewayPorts.verdict(ofRunning: host.status) }
      guard case .success(let state?) = host.desired else {
        return .notApplicable("the desired state is not known")
      }
      let gateway = state.spec.gateway
      var findings = Findings()
      for (field, port) in [
        ("gateway.port", gateway.port), ("gateway.dashboardPort", gateway.dashboardPort),
      ] {
        let place = "\(gateway.host.text) port \(port.value) (\(field))"
        switch PortProbe.probe(gateway.host.text, port.value) {
        case .free: break
        case .taken:
          findings.add(.fail, place + " is taken" + (try GatewayPorts.holders(port.value, host)))
        case .elsewhere: findings.add(.warn, place + ": the address is none of this host's")
        case .failed(let why): findings.add(.unknown, "\(place) cannot be tried: \(why)")
        }
      }
      return findings.verdict(
        otherwise: "\(gateway.host.text) ports \(gateway.port.value) and "
          + "\(gateway.dashboardPort.value) are free")
    })
}

private enum GatewayPorts {
  static func verdict(ofRunning status: ApplianceStatus?) -> Verdict {
    guard let status else { return Verdict(.unknown, "the appliance does not answer") }
    let gateway = status.components.first { $0.name == ComponentName.gateway.rawValue }
    guard let gateway, gateway.health == .healthy else {
      return Verdict(
        .unknown,
        "the gateway is \(gateway?.health.rawValue ?? "not there"): "
          + (gateway?.message ?? "it says nothing of its ports"))
    }
    return .pass("the gateway listens")
  }

  /// As in ` by user 1000`; empty when that cannot be told.
  static func holders(_ port: Int, _ host: Host) throws -> String {
    let lines = try ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { try host.system.lines($0) }
    let users = ListenerTable.users(of: port, in: lines)
    return users.isEmpty ? "" : " by user " + users.joined(separator: ", ")
  }
}
