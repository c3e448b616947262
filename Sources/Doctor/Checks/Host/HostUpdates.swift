// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

extension Check {
  /// A hole that was closed upstream is open here until the package is installed and, for a kernel
  /// or a library, until what uses it was started again.
  static let hostUpdates = Check(
    "host.updates", "The host learns of updates and waits for no restart", .medium, .security,
    reference: "runbook 1.5",
    remedy: "apt-get update, apt-get upgrade, and a restart where one is due",
    detect: { try HostUpdates.look(at: $0) })
}

private enum HostUpdates {
  static let lists = "/var/lib/apt/lists"
  static let restart = "/run/reboot-required"
  /// Package lists older than this tell nothing of the last week's holes. Seconds.
  static let oldest: TimeInterval = 7 * 86_400

  static func look(at host: Host) throws -> Verdict {
    guard try host.system.isDebian else { return .notDebian }
    var findings = Findings()
    if try host.system.isPresent(restart) {
      findings.add(.fail, "a restart is due (\(restart))\(try packages(host.system))")
    }
    let age = try learned(host.system).map { host.now.timeIntervalSince($0) }
    if let age, age > oldest {
      findings.add(.warn, "the package lists are \(days(age)) old")
    } else if age == nil {
      findings.add(.warn, "there are no package lists in \(lists): pending updates are not known")
    }
    // `try?`: only told beside the findings; what cannot be read is not seen.
    let unattended = (try? AptPeriodic.isUnattended(host.system)) ?? false
    let updates = "unattended upgrades are \(unattended ? "on" : "not seen to be on")"
    guard findings.evidence.isEmpty else {
      findings.add(.pass, updates)
      return findings.verdict(otherwise: "")
    }
    return .pass("no restart is due; the package lists are \(days(age ?? 0)) old; \(updates)")
  }

  /// Who asked for the restart, as in `: libc6, linux-image-6.1`.
  private static func packages(_ system: SystemFiles) throws -> String {
    let names = Set(try system.lines(restart + ".pkgs").map { VisibleText.escape(String($0)) })
    return names.isEmpty ? "" : ": \(names.sorted().listed())"
  }

  /// When package lists were fetched last: by what apt notes, or by the lists themselves.
  private static func learned(_ system: SystemFiles) throws -> Date? {
    let marks = ["update-success-stamp", "update-stamp"].map { "/var/lib/apt/periodic/\($0)" }
    let names = try system.names(in: lists).filter {
      !["auxfiles", "lock", "partial"].contains($0)
    }
    // The folder itself is younger than any list in it, but there without one too.
    let folder = names.isEmpty ? [] : [lists]
    return try (marks + folder + names.map { "\(lists)/\($0)" }).compactMap(system.modified).max()
  }

  private static func days(_ age: TimeInterval) -> String {
    let days = Int(max(0, min(age, 36_500 * 86_400)) / 86_400)
    return days == 1 ? "1 day" : "\(days) days"
  }
}

extension SystemFiles {
  /// Whether packages are Debian's.
  var isDebian: Bool { get throws { try isPresent("/etc/debian_version") } }
}

extension Verdict {
  static let notDebian = Verdict(
    .unknown, "there is no /etc/debian_version: how this system updates is not known here",
    remedy: "look for pending updates with the system's own package manager")
}

/// The settings of apt's daily job (apt.conf(5), `/usr/lib/apt/apt.systemd.daily`).
enum AptPeriodic {
  static func isUnattended(_ system: SystemFiles) throws -> Bool {
    let folder = "/etc/apt/apt.conf.d"
    // apt reads files with these names only, one after the other; the last value counts.
    let names = try system.names(in: folder).filter { !$0.contains(".") || $0.hasSuffix(".conf") }
    let lines = try names.flatMap { try system.lines("\(folder)/\($0)") }
    return lines.compactMap(value).last.map { $0 != "0" && !$0.isEmpty } ?? false
  }

  /// The value in `APT::Periodic::Unattended-Upgrade "1";`, `nil` of any other line.
  static func value(_ line: Substring) -> Substring? {
    let name = "apt::periodic::unattended-upgrade"
    let line = line.drop { $0.isWhitespace }
    guard line.lowercased().hasPrefix(name) else { return nil }
    let rest = line.dropFirst(name.count)
    guard let first = rest.first, first.isWhitespace || first == "\"" else { return nil }
    return rest.drop { $0.isWhitespace || $0 == "\"" }.prefix {
      !$0.isWhitespace && !"\";".contains($0)
    }
  }
}
