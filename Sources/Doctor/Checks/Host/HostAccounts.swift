// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

extension Check {
  /// What was done with an account that several people share was done by nobody.
  static let hostAccounts = Check(
    "host.accounts", "Who administers the host has an account of their own", .medium, .security,
    reference: "runbook 1.5",
    remedy: "give each administrator an account of their own, and lock the shared one: usermod -L",
    detect: { host in
      let accounts = try AccountDatabase(host.system)
      var findings = Findings()
      for account in accounts.accounts where account.user == 0 && account.name != "root" {
        findings.add(
          .fail, "account \(Quoted(account.name)) has uid 0: it is a second root, whatever its name"
        )
      }
      let administrators = HostAccounts.administrators(accounts)
      for (name, group) in administrators where HostAccounts.sharedNames.contains(name) {
        findings.add(
          .warn, "account \(Quoted(name)) is in group \(group), and its name is nobody's own")
      }
      let names = administrators.map { Quoted($0.name).description }
      return findings.verdict(
        otherwise: names.isEmpty
          ? "no account with a shell is in sudo, wheel or admin"
          : "accounts in sudo, wheel or admin: \(names.listed())")
    })
}

private enum HostAccounts {
  static let groups: Set<String> = ["sudo", "wheel", "admin"]

  /// Names that come with images of systems, or that say what an account is for instead of whose it
  /// is.
  static let sharedNames: Set<String> = [
    "admin", "administrator", "ubuntu", "debian", "ec2-user", "user", "test", "operator", "deploy",
    "pi", "vagrant",
  ]

  /// Accounts with rights of administration that one can work with. Of a member that is no account
  /// of this host no shell is known, so it is one.
  static func administrators(_ accounts: AccountDatabase) -> [(name: String, group: String)] {
    accounts.members(of: groups).filter { $0.account?.isInteractive ?? true }
      .map { ($0.name, $0.group) }
  }
}
