// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Doctor

/// Whether a firewall is set up at start.
struct HostFirewallTests {
  private var host: HostBuilder

  init() throws { host = try HostBuilder() }

  @Test func noneIsAWarningOnLoopback() async {
    let result = await host.examine(.hostFirewall)
    #expect(result.status == .warn)
    #expect(result.evidence == "no firewall is enabled that can be seen without root")
  }

  @Test func noneFailsWhereOthersReachTheGateway() async throws {
    var host = host
    try host.desire(
      HostBuilder.desiredText + "gateway: {host: 0.0.0.0, auth: {token: env:TOKEN}}\n")
    let result = await host.examine(.hostFirewall)
    #expect(result.status == .fail)
    #expect(result.evidence.hasSuffix("; gateway.host is 0.0.0.0"))
  }

  @Test(arguments: [
    ("ENABLED=yes", true), ("ENABLED=\"yes\"", true), ("ENABLED = YES", true),
    ("ENABLED=no", false), ("# ENABLED=yes", false), ("ENABLED=", false), ("ENABLED", false),
    ("NOTENABLED=yes", false), ("ENABLED=yes # no", false),
  ])
  func settingOfUFWIsRead(line: String, isEnabled: Bool) async throws {
    try host.place("/etc/ufw/ufw.conf", "LOGLEVEL=low\n\(line)\n")
    let result = await host.examine(.hostFirewall)
    #expect(result.isPass == isEnabled)
    if isEnabled {
      #expect(
        result.evidence
          == "ufw is enabled (/etc/ufw/ufw.conf); only root can see the rules in force")
    }
  }

  @Test(arguments: [
    ("sysinit.target.wants", "nftables.service"), ("multi-user.target.wants", "firewalld.service"),
    ("multi-user.target.wants", "netfilter-persistent.service"),
  ])
  func servicesAreFound(folder: String, unit: String) async throws {
    try host.place(
      "/etc/systemd/system/\(folder)/\(unit)", linkTo: "/lib/systemd/system/\(unit)")
    let result = await host.examine(.hostFirewall)
    #expect(result.isPass && result.evidence.hasPrefix("\(unit) is enabled; "))
    try host.place("/etc/systemd/system/\(unit)", linkTo: "/dev/null")
    #expect(await host.examine(.hostFirewall).status == .warn)
  }

  @Test func otherUnitsAreNone() async throws {
    try host.place(
      "/etc/systemd/system/multi-user.target.wants/ssh.service",
      linkTo: "/lib/systemd/system/ssh.service")
    try host.place("/etc/systemd/system/nftables.service", "[Unit]\n")
    #expect(await host.examine(.hostFirewall).status == .warn)
  }

  @Test func whatIsNotKnownOfTheGatewayIsUnknown() async {
    var host = host
    host.desired = .failure(ApplianceError(.init("io.failed"), "cannot read"))
    #expect(await host.examine(.hostFirewall).status == .unknown)
  }
}
