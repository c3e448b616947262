// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState

extension Check {
  /// What is declared and what the kernel lets in can differ; strangers meet the latter.
  static let gatewayExposure = Check(
    "gateway.exposure", "The gateway listens where it is meant to, and to nobody without a token",
    .critical, .security, reference: "runbook 1.2",
    remedy: "kafclaw reconcile; if it still listens elsewhere, restart kafclaw run",
    detect: { host in
      guard host.isRunning else { return .notRunning }
      guard let spec = try host.validState?.spec else { return .noDesiredState }
      let gateway = host.status?.components.first { $0.name == "gateway" }
      guard gateway?.health != .stopped else { return .notApplicable("the gateway is stopped") }
      let process = gateway?.pid.map { ApplianceProcess(pid: $0, name: "gateway") }
      let found = try Exposure.listeners(process, spec, host.system)
      guard !found.isEmpty else {
        return Verdict(.unknown, "no socket of the gateway is in the kernel's list")
      }
      return try Exposure.verdict(found, spec, hasToken: { try host.hasToken(spec) })
    })
}

private enum Exposure {
  /// What the gateway listens on: by the sockets of its process, or where those are hidden, by its
  /// user and the ports that are declared.
  static func listeners(
    _ process: ApplianceProcess?, _ spec: ApplianceSpec, _ system: SystemFiles
  ) throws -> [ListeningSocket] {
    let all = try ListeningSocket.all(system)
    if let own = process?.sockets(system) { return all.filter { own.contains($0.inode) } }
    let users = try process?.users(system)
    let ports = [spec.gateway.port.value, spec.gateway.dashboardPort.value]
    return all.filter { socket in
      ports.contains(Int(socket.port)) && users?.contains(socket.user) ?? true
    }
  }

  static func verdict(
    _ listeners: [ListeningSocket], _ spec: ApplianceSpec, hasToken: () throws -> Bool
  ) throws -> Verdict {
    let open = listeners.filter { !$0.isLoopback }.map(\.text).sorted()
    guard !open.isEmpty else {
      return .pass("listens on \(listeners.map(\.text).sorted().listed())")
    }
    var findings = Findings()
    if spec.gateway.host.isLoopback {
      findings.add(
        .fail, "listens on \(open.listed()) although gateway.host is \(spec.gateway.host.text)")
    }
    if try !hasToken() { findings.add(.fail, "listens on \(open.listed()) and has no token") }
    guard findings.evidence.isEmpty else { return findings.verdict(otherwise: "") }
    return Verdict(
      .warn, "plain HTTP on \(open.listed())", remedy: "put a TLS proxy in front of the gateway")
  }
}
