// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The accounts and groups of a host (passwd(5), group(5)).
struct AccountDatabase: Sendable, Equatable {
  struct Account: Sendable, Equatable {
    let name: String
    let user: UInt32
    let group: UInt32
    let shell: String

    /// Whether one can work with it. What no shell is known of counts as one.
    var isInteractive: Bool {
      let program = shell.split(separator: "/").last ?? ""
      return !["nologin", "false", "sync", "shutdown", "halt", "true"].contains(program)
    }
  }

  struct Group: Sendable, Equatable {
    let name: String
    let number: UInt32
    let members: [String]
  }

  let accounts: [Account]
  let groups: [Group]

  /// - Throws: `doctor.unreadable` where a file is missing or a line has not its form, `io.*`.
  init(_ system: SystemFiles) throws {
    accounts = try Self.read("/etc/passwd", system, Self.account)
    groups = try Self.read("/etc/group", system, Self.group)
  }

  /// Those that are in one of the groups, by their line or as their first group, each once.
  func members(of names: Set<String>) -> [(account: Account?, name: String, group: String)] {
    var seen: Set<String> = []
    return groups.filter { names.contains($0.name) }.flatMap { group in
      let first = accounts.filter { $0.group == group.number }.map(\.name)
      return (group.members + first).filter { seen.insert($0).inserted }.map { name in
        (accounts.first { $0.name == name }, name, group.name)
      }
    }
  }

  private static func account(_ fields: [Substring]) -> Account? {
    guard fields.count == 7, !fields[0].isEmpty, let user = UInt32(fields[2]),
      let group = UInt32(fields[3])
    else { return nil }
    return Account(
      name: String(fields[0]), user: user, group: group, shell: String(fields[6]))
  }

  private static func group(_ fields: [Substring]) -> Group? {
    guard fields.count == 4, !fields[0].isEmpty, let number = UInt32(fields[2]) else { return nil }
    return Group(
      name: String(fields[0]), number: number,
      members: fields[3].split(separator: ",").map(String.init))
  }

  /// Lines that name a directory service (`+`, `-`) are no accounts of this host.
  private static func read<Entry>(
    _ path: String, _ system: SystemFiles, _ entry: ([Substring]) -> Entry?
  ) throws -> [Entry] {
    guard let text = try system.text(path) else {
      throw ApplianceError(.unreadable, "there is no \(path)")
    }
    var entries: [Entry] = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.isEmpty {
      if ["+", "-", "#"].contains(line.first) { continue }
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      guard let read = entry(fields) else {
        throw ApplianceError(.unreadable, "line \(index + 1) of \(path) has not its form")
      }
      entries.append(read)
    }
    return entries
  }
}

extension ApplianceError.Code {
  /// A file of the operating system is not there, or has not the form that it should have.
  static let unreadable = Self("doctor.unreadable")
}
