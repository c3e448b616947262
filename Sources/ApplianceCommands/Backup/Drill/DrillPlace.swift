// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import Daemon
import DurableIO
import Foundation
import Glibc

/// Where a drill brings a snapshot back to: where it was on its host, so that nothing differs in a
/// plan. Each folder lies in the scratch folder, and is seen at its place.
struct DrillPlace {
  struct Folder {
    /// Below the scratch folder.
    let inScratch: String
    let path: String
  }

  let paths: AppliancePaths
  private let manifest: BackupManifest

  /// What is in the root already, or is made of what is not the snapshot's.
  private static let reserved: Set<String> = [
    "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "proc", "dev", "sys",
    "repository", "drill", "drill.program",
  ]

  /// - Throws: `backup.damaged` for a home or a workspace where none can be: who made the manifest is
  ///   not known everywhere.
  init(_ manifest: BackupManifest) throws {
    self.manifest = manifest
    let home = try Self.safe(manifest.home ?? "/home/kafclaw")
    if let workspace = manifest.workspace { _ = try Self.safe(workspace) }
    paths = home == AppliancePaths.systemHome ? .system : .user(home: home)
  }

  private static func safe(_ path: String) throws -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && part != "." && part != ".."
        && part.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }
    }
    guard path.hasPrefix("/"), path.utf8.count <= 1_024, isPlain, let top = parts.first,
      !reserved.contains(String(top))
    else {
      throw ApplianceError(
        .backupDamaged,
        "\"\(VisibleText.escape(path))\" is no place for what is restored in a drill")
    }
    return path
  }

  /// What is to be seen, parents first.
  var folders: [Folder] {
    let own =
      paths.isSystem
      ? [paths.state, paths.configuration, paths.runtime, paths.copies, paths.agentFolders]
      : [paths.home]
    return (own + (manifest.workspace.map { [$0] } ?? [])).map {
      Folder(inScratch: "/place" + $0, path: $0)
    }
  }

  /// Makes the empty folders, and says who lives there.
  func prepare(_ scratch: String) throws {
    for folder in folders { try PrivateFolder.create(scratch + folder.inScratch) }
    let line = "kafclaw:x:1000:1000::\(paths.home):/bin/sh\n"
    try DurableFile.replace(scratch + "/passwd", with: Array(line.utf8))
  }

  /// Moves what was restored to where it belongs.
  ///
  /// - Parameter restored: With the paths of the snapshot.
  func take(_ restored: String, in scratch: String) throws {
    for (root, folder) in HostContents.folders(manifest, paths) {
      let source = "\(restored)/\(root)"
      guard access(source, F_OK) == 0 else { continue }
      let target = "\(scratch)/place\(folder)"
      try PrivateFolder.create(target)
      for name in try PrivateFolder.names(in: source) {
        guard rename("\(source)/\(name)", "\(target)/\(name)") == 0 else {
          throw ApplianceError.system("move to", "\(folder)/\(name)")
        }
      }
    }
    if paths.isSystem { try shareWorkspace(in: scratch) }
    // In no backup: what lies there is of a running appliance.
    try PrivateFolder.create("\(scratch)/place\(paths.runtime)")
  }

  /// A restore makes everything its user's alone. In the package's layout the workspace is its
  /// group's too, which a plan looks at: its files get the modes that they had.
  private func shareWorkspace(in scratch: String) throws {
    for (root, folder) in HostContents.folders(manifest, paths) where root == "workspace" {
      for file in manifest.files where file.path.hasPrefix(root + "/") {
        let path = folder + file.path.dropFirst(root.count)
        guard let mode = mode_t(file.mode, radix: 8),
          chmod("\(scratch)/place\(path)", mode & 0o770) == 0
        else { throw ApplianceError.system("chmod", path) }
      }
    }
  }
}
