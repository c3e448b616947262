// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation

/// Reads commits through the object database; there is never a work tree.
///
/// Blocking: runs in the `source` process only.
public enum GitReader {
  /// The local path of `remote`: an absolute path or a `file://` address.
  ///
  /// - Throws: `git.address` for any other form.
  public static func localPath(of remote: String) throws -> String {
    let address = try RemoteAddress(remote)
    guard address.transport == .file else {
      throw ApplianceError(
        .gitAddress, "\"\(address)\" is not a path of this host",
        hint: "it can be fetched, not looked at in place")
    }
    return address.path
  }

  /// Brings the tip of `branch` of `remote` into the bare repository at `clone`, which is made when
  /// missing. Only the tip that was fetched last moves: the branch of the clone stays until
  /// ``GitClone/accept(commit:branch:)``. Writes nothing when that tip is the same.
  ///
  /// Blocks as long as the server is silent: the process must have a time limit.
  ///
  /// - Returns: The id of the tip, which nobody has examined yet.
  /// - Throws: `git.unreachable`, which may pass; `git.missing`, `git.authentication`,
  ///   `git.certificate`, `git.host-key`, `git.redirect`, `git.failed`, which stay until somebody
  ///   acts; `source.refused` for what a server must not send; `git.damaged` when the clone has to
  ///   be made anew.
  @discardableResult
  public static func fetch(
    _ remote: RemoteAddress, access: RemoteAccess = RemoteAccess(), branch: String,
    into clone: String, limits: FetchLimits = FetchLimits()
  ) throws -> String {
    try access.validate(for: remote)
    let reference = try BranchName.reference(branch)
    if remote.transport == .file { try requireRepository(at: remote.path) }
    let local = try GitClone.make(clone)
    try local.removeAbandonedPacks()
    let connection = try RemoteConnection(
      remote, access: access, limits: limits, into: local.repository)
    let tip = try connection.tip(of: reference, branch: branch)
    if try local.repository.target(of: GitClone.candidate) != tip
      || !local.repository.hasCommit(tip)
    {
      if !local.repository.hasCommit(tip) { try connection.download(reference) }
      guard local.repository.hasCommit(tip) else {
        throw ApplianceError(
          .sourceRefused, "\"\(remote)\" did not send commit \(tip), the tip of \"\(branch)\"")
      }
      try local.repository.set(GitClone.candidate, to: tip)
    }
    return tip.text
  }

  /// The tip of `branch` of a repository on this host, with the files below `folder` that a desired
  /// state is made of.
  ///
  /// - Parameter entries: The files and folders to read; others are ignored.
  public static func snapshot(
    of path: String, branch: String, folder: String, entries: [String]
  ) throws -> GitSnapshot {
    let repository = try GitClone(lookingAt: path)
    return try repository.snapshot(
      of: try repository.tip(of: branch), branch: branch, folder: folder, entries: entries)
  }

  /// Moves a clone out of the way, in place of one that was moved before.
  ///
  /// - Returns: Whether there was one.
  public static func setAside(_ clone: String) throws -> Bool {
    let files = FileManager.default
    guard files.fileExists(atPath: clone) else { return false }
    let aside = clone + ".damaged"
    if files.fileExists(atPath: aside) { try files.removeItem(atPath: aside) }
    try files.moveItem(atPath: clone, toPath: aside)
    return true
  }

  private static func requireRepository(at path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw ApplianceError(
        .gitMissing, "there is no repository at \"\(path)\"",
        hint: "check source.repository in appliance.yaml")
    }
    guard !(try Repository(opening: path).has("shallow")) else {
      throw ApplianceError(
        .sourceRefused, "\"\(path)\" lacks history", hint: "git -C \(path) fetch --unshallow")
    }
  }
}
