// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DurableIO

/// A process of the running appliance, and what the kernel tells everybody of it.
struct ApplianceProcess: Sendable, Equatable {
  let pid: Int
  /// As in `gateway`.
  let name: String

  /// As in `process 123 (gateway)`.
  var shown: String { "process \(pid) (\(VisibleText.escape(name)))" }

  /// The components of the appliance and the holder of its lock.
  ///
  /// - Throws: `doctor.no-process` when none is known although one runs.
  static func all(of host: Host) throws -> [ApplianceProcess] {
    let components = host.status?.components ?? []
    var processes = components.compactMap { component in
      component.pid.map { ApplianceProcess(pid: $0, name: component.name) }
    }
    if let holder = try holder(of: host.paths.lock),
      !processes.contains(where: { $0.pid == holder })
    {
      processes.append(ApplianceProcess(pid: holder, name: "supervisor"))
    }
    guard !processes.isEmpty else {
      throw ApplianceError(.noProcess, "no process of the running appliance is known")
    }
    return processes
  }

  /// The number in `pid 123 (kafclaw run)`.
  private static func holder(of lock: String) throws -> Int? {
    guard let bytes = try DurableFile.readIfPresent(lock, limit: 4_096) else { return nil }
    let words = String(decoding: bytes, as: UTF8.self).split { $0.isWhitespace }
    guard words.count >= 2, words[0] == "pid", let pid = Int(words[1]), pid > 0 else { return nil }
    return pid
  }

  /// Real, effective, saved and file system user (proc_pid_status(5)); `nil` when it has ended.
  ///
  /// - Throws: `io.*`, `doctor.unreadable`.
  func users(_ system: SystemFiles) throws -> [UInt32]? {
    let path = "/proc/\(pid)/status"
    guard let text = try system.text(path) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("Uid:") }
    let users = line?.dropFirst("Uid:".count).split { $0.isWhitespace }.map { UInt32($0) } ?? []
    guard users.count == 4, !users.contains(nil) else {
      throw ApplianceError(.unreadable, "\(path) has no line Uid: of the form it should have")
    }
    return users.compactMap { $0 }
  }

  /// The command and its arguments; `nil` when it has ended.
  ///
  /// - Throws: `io.*`.
  func arguments(_ system: SystemFiles) throws -> [ArraySlice<UInt8>]? {
    try DurableFile.readIfPresent(system.path("/proc/\(pid)/cmdline"), limit: 4 << 20)
      .map { $0.split(separator: 0) }
  }

  /// Numbers of the sockets it has open; `nil` when that is its owner's alone to know.
  func sockets(_ system: SystemFiles) -> Set<UInt64>? {
    let folder = "/proc/\(pid)/fd"
    // `try?`: a process that forbids dumps hides its files even from its own user.
    guard let names = try? system.names(in: folder), !names.isEmpty else { return nil }
    return Set(
      names.compactMap { name in
        // `try?`: a file that was closed meanwhile is no socket that listens.
        guard let target = try? system.target(ofLink: "\(folder)/\(name)"),
          target.hasPrefix("socket:["), target.hasSuffix("]")
        else { return nil }
        return UInt64(target.dropFirst("socket:[".count).dropLast())
      })
  }
}

extension ApplianceError.Code {
  /// The appliance runs, and none of its processes is known.
  static let noProcess = Self("doctor.no-process")
}
