// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

extension Check {
  /// A crash leaves temporary files, which may hold what they were to replace, and a control socket
  /// that nobody answers.
  static let stateLeftovers = Check(
    "state.leftovers", "Nothing is left over from a crash", .low,
    reference: "runbook 5.1", remedy: "kafclaw doctor --fix",
    repair: { host in
      let folders = Set(Leftover.files(of: host).map { DurableFile.parentFolder(of: $0.path) })
      let sweeps = folders.sorted().map { folder in
        Repair("remove temporary files from \(folder)", on: folder) { try Leftovers.sweep(folder) }
      }
      guard try Leftover.isSocketLeft(host) else { return sweeps }
      let socket = host.paths.controlSocket
      return sweeps + [
        Repair("remove \(socket)", on: socket) { try Leftover.removeSocket(host.paths) }
      ]
    },
    detect: { host in
      var findings = Findings()
      let own = OwnFiles(host.paths)
      for file in Leftover.files(own) { findings.add(.warn, "\(file.path) is left over") }
      if try Leftover.isSocketLeft(host) {
        findings.add(.warn, "nobody answers on \(host.paths.controlSocket)")
      }
      for problem in own.unread { findings.add(.unknown, problem) }
      if own.isCut { findings.add(.unknown, "only \(own.files.count) files were looked at") }
      return findings.verdict(
        otherwise: "no temporary files of ended processes, no unused socket; a lock file without "
          + "its process locks nothing")
    })
}

/// What crashes leave behind.
private enum Leftover {
  static func files(of host: Host) -> [OwnFile] { files(OwnFiles(host.paths)) }

  static func files(_ own: OwnFiles) -> [OwnFile] {
    own.files.filter { $0.isFile && Leftovers.isAbandoned($0.name) }
  }

  static func isSocketLeft(_ host: Host) throws -> Bool {
    try !host.isRunning && isSocket(host.paths.controlSocket)
  }

  private static func isSocket(_ path: String) throws -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT || errno == ENOTDIR else {
        throw ApplianceError.system("examine", path)
      }
      return false
    }
    return status.st_mode & S_IFMT == S_IFSOCK
  }

  /// Under the appliance's lock: one that starts meanwhile keeps its socket.
  static func removeSocket(_ paths: AppliancePaths) throws {
    let lock = try FileLock(acquiring: paths.lock, purpose: "kafclaw doctor", patience: 0)
    if try isSocket(paths.controlSocket) { try DurableFile.removeIfPresent(paths.controlSocket) }
    _ = consume lock
  }
}
