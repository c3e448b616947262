// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Glibc

/// A root in which nothing of the host is to be seen but what a fresh one has too: the system's
/// programs and libraries, this program, and the repository, read only. Its network is a loopback of
/// its own. bwrap(1).
struct DrillRoot {
  static let program = "/usr/bin/bwrap"
  /// Where things are in it.
  static let repository = "/repository"
  static let scratch = "/drill"

  /// Folder of the repository on this host.
  let repository: String
  /// A folder of this host that becomes ``scratch``.
  let scratch: String
  let place: DrillPlace
  /// This program.
  let executable: String
  /// Folders outside `/usr` from which it has its libraries.
  let libraries: [String]

  /// - Throws: `backup.drill` where there is no bubblewrap.
  static func require() throws {
    guard access(program, X_OK) == 0 else {
      throw ApplianceError(
        .backupDrill, "there is no \(program) to make a root with",
        hint: "apt install bubblewrap")
    }
  }

  /// Where the libraries of this program were loaded from, as far as that is not the system's place.
  static func ownLibraries() throws -> [String] {
    let maps = try DurableFile.read("/proc/self/maps", limit: 16 << 20)
    let paths = String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
      line.split(separator: " ", maxSplits: 5).last.map { $0.drop { $0 == " " } }
    }
    let folders = paths.filter { $0.hasPrefix("/") && $0.contains(".so") }
      .map { DurableFile.parentFolder(of: String($0)) }
    let system = ["/usr/", "/lib/", "/lib64/", "/lib32/"]
    return Set(folders).filter { folder in !system.contains { (folder + "/").hasPrefix($0) } }
      .sorted()
  }

  /// The whole command line, of which `words` are the program's.
  func command(_ words: [String]) -> [String] {
    [Self.program, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
      + ["--uid", "1000", "--gid", "1000", "--hostname", "drill"]
      + ["--tmpfs", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
      + ["--ro-bind", "/usr", "/usr"] + system()
      + libraries.flatMap { ["--ro-bind", $0, $0] }
      + ["--ro-bind", executable, Self.scratch + ".program/kafclaw"]
      + ["--ro-bind", repository, Self.repository, "--bind", scratch, Self.scratch]
      + place.folders.flatMap { ["--bind", scratch + $0.inScratch, $0.path] }
      + ["--ro-bind", scratch + "/passwd", "/etc/passwd"]
      + ["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", place.paths.home]
      + ["--setenv", "LANG", "C.UTF-8", "--setenv", "LLVM_PROFILE_FILE", "/dev/null"]
      + ["--chdir", "/", "--", Self.scratch + ".program/kafclaw"] + words
  }

  /// What programs need of `/`: links into `/usr`, or folders where there are no links.
  private func system() -> [String] {
    let folders = ["/bin", "/sbin", "/lib", "/lib64", "/lib32"].flatMap { path -> [String] in
      // `try?`: what is no link may be a folder.
      if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
        return ["--symlink", target, path]
      }
      return access(path, F_OK) == 0 ? ["--ro-bind", path, path] : []
    }
    let files = ["/etc/ld.so.cache", "/etc/ssl/certs"].flatMap { path -> [String] in
      access(path, F_OK) == 0 ? ["--ro-bind", path, path] : []
    }
    return folders + files
  }
}

extension ApplianceError.Code {
  /// A drill could not be made, or did not pass.
  static let backupDrill = Self("backup.drill")
}
