// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// A service that listens by mistake is reachable unless something stands in front of it.
  static let hostFirewall = Check(
    "host.firewall", "A firewall is enabled", .medium, .security,
    reference: "runbook 1.5",
    remedy:
      "enable ufw, nftables or firewalld; suppress this where the network filters for the host",
    detect: { host in
      let found = try HostFirewall.enabled(host.system)
      guard found.isEmpty else {
        return .pass("\(found.joined(separator: ", ")); only root can see the rules in force")
      }
      let evidence = "no firewall is enabled that can be seen without root"
      guard let gateway = try host.validState?.spec.gateway, !gateway.host.isLoopback else {
        return Verdict(.warn, evidence)
      }
      return Verdict(.fail, [evidence, "gateway.host is \(gateway.host.text)"])
    })
}

private enum HostFirewall {
  static let units = [
    "nftables.service", "firewalld.service", "netfilter-persistent.service", "iptables.service",
  ]

  /// What says that a firewall is set up at start.
  static func enabled(_ system: SystemFiles) throws -> [String] {
    let ufw = "/etc/ufw/ufw.conf"
    let isOn = try system.lines(ufw).contains(where: enablesUFW)
    let folder = "/etc/systemd/system"
    let wants = try system.names(in: folder).filter { $0.hasSuffix(".wants") }
    let units = try units.filter { unit in
      guard try system.target(ofLink: "\(folder)/\(unit)") != "/dev/null" else { return false }
      return try wants.contains { try system.isPresent("\(folder)/\($0)/\(unit)") }
    }
    return (isOn ? ["ufw is enabled (\(ufw))"] : []) + units.map { "\($0) is enabled" }
  }

  /// `ENABLED=yes`, with quotes or without.
  private static func enablesUFW(_ line: Substring) -> Bool {
    let parts = line.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, parts[0].filter({ !$0.isWhitespace }) == "ENABLED" else { return false }
    return parts[1].filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }.lowercased() == "yes"
  }
}
