// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import SodiumCrypto

/// The folder in which a restore gathers files: made by this process, and nobody else's.
public enum RestoreFolder {
  /// Makes a folder of what is gathered beside it: it gets its name last, whole, or is not there.
  ///
  /// - Throws: `io.unsafe` for one that is there already.
  public static func fill<Value>(
    _ target: String, _ body: (_ staging: String) throws -> Value
  ) throws -> Value {
    guard access(target, F_OK) != 0 else {
      throw ApplianceError(
        .fileUnsafe, "\"\(target)\" is there already", hint: "name a folder that is not")
    }
    let staging = try make(beside: target)
    do {
      let value = try body(staging)
      try synchronize(staging)
      guard rename(staging, target) == 0 else { throw ApplianceError.system("restore to", target) }
      try DurableFile.synchronizeFolder(of: target)
      return value
    } catch {
      try remove(staging)
      throw error
    }
  }

  /// Makes one beside the folder that is to be restored, where nobody else could exchange it.
  private static func make(beside target: String) throws -> String {
    let parent = DurableFile.parentFolder(of: target)
    guard let resolved = PrivateFolder.resolve(parent) else {
      throw ApplianceError.system("enter", parent)
    }
    try PrivateFolder.requireTrustedAncestors(of: resolved + "/restored")
    let path = "\(target).kafclaw-restore-\(SecureRandom.hexadecimal(bytes: 8))"
    guard mkdir(path, 0o700) == 0 else { throw ApplianceError.system("create folder", path) }
    return path
  }

  /// Flushes the folder and all below it: what is in them is on the disk before it is told.
  private static func synchronize(_ path: String) throws {
    for name in try PrivateFolder.names(in: path) {
      var status = stat()
      guard lstat(path + "/" + name, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR { try synchronize(path + "/" + name) }
    }
    try DurableFile.synchronizeFolder(of: path + "/.")
  }

  /// Removes it with everything in it; an absent one is fine. Links are removed, not followed.
  static func remove(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw ApplianceError.system("examine", path) }
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      guard unlink(path) == 0 else { throw ApplianceError.system("remove", path) }
      return
    }
    for name in try PrivateFolder.names(in: path) { try remove(path + "/" + name) }
    guard rmdir(path) == 0 else { throw ApplianceError.system("remove", path) }
  }
}
