// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

extension Check {
  /// The name root is known to every guesser of passwords, and what it does is nobody's.
  static let hostRootLogin = Check(
    "host.root-login", "Nobody logs in as root or with a password over ssh", .high, .security,
    reference: "runbook 1.5; sshd_config(5)",
    remedy: "set PermitRootLogin no and PasswordAuthentication no, then reload sshd",
    detect: { host in
      guard let configuration = try SSHDConfiguration.read(host.system) else {
        return .notApplicable("there is no sshd_config")
      }
      return RootLogin.verdict(configuration)
    })
}

private enum RootLogin {
  static func verdict(_ configuration: SSHDConfiguration) -> Verdict {
    var findings = Findings()
    for reason in configuration.unread { findings.add(.unknown, reason) }
    let root = configuration.value("PermitRootLogin", standard: "prohibit-password")
    if root.value == "yes" {
      findings.add(.fail, "PermitRootLogin is yes (\(root.place))")
    }
    let passwords = configuration.value("PasswordAuthentication", standard: "yes")
    if passwords.value != "no" {
      findings.add(.warn, "PasswordAuthentication is \(shown(passwords))")
    } else if let dialogue = dialogue(configuration) {
      findings.add(.warn, "passwords are asked for by PAM: \(dialogue)")
    }
    for setting in configuration.conditional where loosens(setting) {
      findings.add(
        .warn, "for some connections \(setting.keyword) is \(setting.value) (\(setting.place))")
    }
    return findings.verdict(
      otherwise: "PermitRootLogin is \(shown(root)), PasswordAuthentication is \(shown(passwords))")
  }

  private static func loosens(_ setting: SSHDConfiguration.Setting) -> Bool {
    ["permitrootlogin", "passwordauthentication"].contains(setting.keyword)
      && setting.value == "yes"
  }

  /// Keyboard-interactive authentication, which is a password for PAM's default modules.
  private static func dialogue(_ configuration: SSHDConfiguration) -> String? {
    let names = ["KbdInteractiveAuthentication", "ChallengeResponseAuthentication"]
    let found = names.first { configuration.settings[$0.lowercased()] != nil } ?? names[0]
    let setting = configuration.value(found, standard: "yes")
    guard configuration.value("UsePAM", standard: "no").value == "yes", setting.value == "yes"
    else { return nil }
    return "\(found) is \(shown(setting)) and UsePAM is yes"
  }

  private static func shown(_ setting: SSHDConfiguration.Setting) -> String {
    "\(VisibleText.escape(setting.value)) (\(setting.place))"
  }
}
