// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Testing

@testable import Doctor

/// Whether the host learns of updates.
struct HostUpdatesTests {
  private var host: HostBuilder

  init() throws {
    host = try HostBuilder()
    try host.placeDebian()
  }

  @Test func freshListsPass() async {
    let result = await host.examine(.hostUpdates)
    #expect(result.isPass)
    #expect(
      result.evidence
        == "no restart is due; the package lists are 0 days old; unattended upgrades are on")
  }

  @Test func restartThatIsDueFails() async throws {
    try host.place("/run/reboot-required", "*** System restart required ***\n")
    try host.place("/run/reboot-required.pkgs", "linux-image-6.1\nlibc6\nlibc6\n")
    let result = await host.examine(.hostUpdates)
    #expect(result.status == .fail)
    #expect(
      result.evidence
        == "a restart is due (/run/reboot-required): libc6, linux-image-6.1; unattended upgrades are on"
    )
  }

  @Test(arguments: [(7, Verdict.Status.pass), (8, .warn), (400, .warn)])
  func listsAgeInAWeek(days: Int, status: Verdict.Status) async {
    var host = host
    host.now.addTimeInterval(Double(days) * 86_400 - 60)
    let result = await host.examine(.hostUpdates)
    #expect(result.status == status)
    if status == .warn {
      #expect(result.evidence.hasPrefix("the package lists are \(days - 1) days old; "))
    }
  }

  @Test func noteOfASuccessIsEnough() async throws {
    var host = host
    host.now.addTimeInterval(30 * 86_400)
    #expect(await host.examine(.hostUpdates).status == .warn)
    try host.place("/var/lib/apt/periodic/update-success-stamp", "")
    try setTime(of: "/var/lib/apt/periodic/update-success-stamp", host)
    #expect(await host.examine(.hostUpdates).isPass)
  }

  /// Images of containers come without.
  @Test func missingListsAreAWarning() async throws {
    try host.removeSystemFile(
      "/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease")
    try host.place("/var/lib/apt/lists/lock", "")
    let result = await host.examine(.hostUpdates)
    #expect(result.status == .warn)
    #expect(
      result.evidence
        == "there are no package lists in /var/lib/apt/lists: pending updates are not "
        + "known; unattended upgrades are on")
  }

  @Test func otherSystemsAreUnknown() async throws {
    try host.removeSystemFile("/etc/debian_version")
    for check in [Check.hostUpdates, .hostUpgradable] {
      #expect(await host.examine(check).status == .unknown)
    }
  }

  static let settings: [(String, String?)] = [
    ("APT::Periodic::Unattended-Upgrade \"1\";", "1"),
    ("  apt::periodic::unattended-upgrade\t1;", "1"),
    ("APT::Periodic::Unattended-Upgrade \"0\";", "0"),
    ("APT::Periodic::Unattended-Upgrade \"always\"; // daily", "always"),
    ("// APT::Periodic::Unattended-Upgrade \"1\";", nil),
    ("APT::Periodic::Unattended-Upgrades \"1\";", nil),
    ("APT::Periodic::Unattended-Upgrade", nil), ("", nil),
  ]

  @Test(arguments: HostUpdatesTests.settings)
  func settingsOfAptAreRead(line: String, value: String?) {
    #expect(AptPeriodic.value(line[...]).map(String.init) == value)
  }

  @Test func lastSettingOfAptCounts() throws {
    #expect(try AptPeriodic.isUnattended(host.system))
    try host.place("/etc/apt/apt.conf.d/99off", "APT::Periodic::Unattended-Upgrade \"0\";\n")
    #expect(try !AptPeriodic.isUnattended(host.system))
    try host.removeSystemFile("/etc/apt/apt.conf.d/99off")
    try host.place("/etc/apt/apt.conf.d/99off.bak", "APT::Periodic::Unattended-Upgrade \"0\";\n")
    #expect(try AptPeriodic.isUnattended(host.system))
  }

  // MARK: host.upgradable

  static let inst = """
    NOTE: This is only a simulation!
    Inst base-files [12.4+deb12u2] (12.4+deb12u12 Debian:12.12/oldstable [amd64])
    Inst libc6 [2.36-9+deb12u1] (2.36-9+deb12u13 Debian:12.12/oldstable, Debian-Security:12/oldstable-security [amd64]) []
    Inst linux-image-6.1.0-40 (6.1.153-1 Debian-Security:12/oldstable-security [amd64])
    Conf libc6 (2.36-9+deb12u13 Debian-Security:12/oldstable-security [amd64])
    Inst
    Inst odd

    """

  @Test func securityUpdatesAreToldFromOthers() {
    let pending = PendingUpgrade.all(in: Self.inst)
    #expect(pending.map(\.name) == ["base-files", "libc6", "linux-image-6.1.0-40"])
    #expect(pending.map(\.isSecurity) == [false, true, true])
    let verdict = PendingUpgrade.verdict(pending)
    #expect(verdict.status == .fail)
    #expect(
      verdict.evidence == [
        "2 pending with security fixes: libc6, linux-image-6.1.0-40", "1 pending: base-files",
      ])
    #expect(PendingUpgrade.verdict(pending.filter { !$0.isSecurity }).status == .warn)
    #expect(PendingUpgrade.verdict([]).status == .pass)
  }

  @Test func aptIsAsked() async throws {
    let apt = "/usr/bin/apt-get"
    try host.place(apt, "#!/bin/sh\necho \"Inst a [1] ($* x-Security:1 [all])\"\n", mode: 0o755)
    let result = await host.examine(.hostUpgradable)
    #expect(result.status == .fail)
    #expect(result.evidence == "1 pending with security fixes: a")
    try host.place(apt, "#!/bin/sh\nexit 100\n", mode: 0o755)
    #expect(await host.examine(.hostUpgradable).status == .unknown)
    try host.place(apt, "#!/bin/sh\ntrue\n", mode: 0o755)
    #expect(await host.examine(.hostUpgradable).isPass)
    try host.removeSystemFile(apt)
    #expect(await host.examine(.hostUpgradable).status == .unknown)
  }
}
