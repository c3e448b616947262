// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

extension Check {
  /// Whatever records something needs its folder; `kafclaw run` makes them too.
  static let stateFolders = Check(
    "state.folders", "The appliance's folders exist", .low,
    reference: "runbook 5.1", remedy: "kafclaw doctor --fix, or kafclaw run",
    repair: { host in
      try host.paths.folders.filter { try FileKind.of($0) == nil }.map { folder in
        Repair("create \(folder) with mode 0700", on: folder) { try PrivateFolder.create(folder) }
      }
    },
    detect: { host in
      if case .success(nil) = host.bootstrap {
        return .notApplicable("this host has no \(host.paths.bootstrapFile)")
      }
      var findings = Findings()
      for folder in host.paths.folders {
        switch try FileKind.of(folder) {
        case .folder: break
        case nil: findings.add(.warn, "\(folder) does not exist")
        default: findings.add(.fail, "\(folder) is not a folder")
        }
      }
      return findings.verdict(otherwise: host.paths.folders.joined(separator: ", ") + " exist")
    })
}

/// What stands at a path; links are followed.
enum FileKind {
  case file
  case folder
  case other

  /// - Returns: `nil` where nothing is.
  /// - Throws: `io.failed` when that cannot be told.
  static func of(_ path: String) throws -> FileKind? {
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard errno == ENOENT || errno == ENOTDIR else {
        throw ApplianceError.system("examine", path)
      }
      return nil
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
  }
}
