// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

extension Check {
  /// Without room nothing can be recorded, and what cannot be recorded is not done.
  static let diskSpace = Check(
    "disk.space", "The disks of the appliance have room", .high,
    reference: "statvfs(3)", remedy: "remove what is not needed, or enlarge the file system",
    detect: { host in
      var findings = Findings()
      var seen: Set<UInt> = []
      var shown: [String] = []
      for path in [host.paths.state, host.paths.copies] {
        let folder = try DiskSpace.presentFolder(path)
        let space = try DiskSpace(of: folder)
        guard seen.insert(space.id).inserted else { continue }
        shown.append("\(folder): \(space.description)")
        if let grade = space.grade { findings.add(grade, "\(folder): \(space.description)") }
      }
      return findings.verdict(otherwise: shown.joined(separator: ", "))
    })
}

/// The room of a file system.
public struct DiskSpace: Equatable {
  /// Tells file systems apart.
  var id: UInt = 0
  /// Bytes.
  let blockSize: UInt64
  let blocks: UInt64
  /// For other users than the superuser.
  let freeBlocks: UInt64
  /// 0 where the file system makes them as they are needed.
  let files: UInt64
  let freeFiles: UInt64

  /// Bytes.
  private static let fails: UInt64 = 64 << 20
  private static let warns: UInt64 = 512 << 20

  /// What is wrong where so little is left that nothing more can be stored; `nil` otherwise.
  public var problem: String? { grade == .fail ? description : nil }

  /// How bad it is; `nil` when there is enough.
  var grade: Verdict.Status? {
    if freeBytes < Self.fails || isUnder(0.01) { return .fail }
    return freeBytes < Self.warns || isUnder(0.05) ? .warn : nil
  }

  var description: String {
    let inodes = files > 0 ? ", \(percent(freeFiles, files)) % of inodes" : ""
    return "\(freeBytes >> 20) MiB (\(percent(freeBlocks, blocks)) %) free" + inodes
  }

  private var freeBytes: UInt64 {
    let (bytes, overflow) = freeBlocks.multipliedReportingOverflow(by: blockSize)
    return overflow ? .max : bytes
  }

  private func isUnder(_ share: Double) -> Bool {
    Double(freeBlocks) < share * Double(blocks) || Double(freeFiles) < share * Double(files)
  }

  private func percent(_ part: UInt64, _ whole: UInt64) -> Int {
    whole == 0 ? 0 : Int(100 * min(1, Double(part) / Double(whole)))
  }
}

extension DiskSpace {
  public init(of path: String) throws {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw ApplianceError.system("examine", path) }
    self.init(
      id: status.f_fsid, blockSize: UInt64(status.f_frsize), blocks: UInt64(status.f_blocks),
      freeBlocks: UInt64(status.f_bavail), files: UInt64(status.f_files),
      freeFiles: UInt64(status.f_favail))
  }

  /// The folder itself, else the first one above it that is there: it will be made in that.
  static func presentFolder(_ path: String) throws -> String {
    var folder = path
    while try folder != "/" && FileKind.of(folder) == nil {
      folder = DurableFile.parentFolder(of: folder)
    }
    return folder
  }
}
