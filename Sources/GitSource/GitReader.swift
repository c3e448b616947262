// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2
import Foundation

/// Reads commits through the object database; there is never a work tree.
///
/// Blocking: runs in the `source` process only.
public enum GitReader {
  /// The local path of `remote`: an absolute path or a `file://` address.
  ///
  /// - Throws: `git.failed` for any other form.
  public static func localPath(of remote: String) throws -> String {
    let path = remote.hasPrefix("file://") ? String(remote.dropFirst("file://".count)) : remote
    guard path.hasPrefix("/") else {
      throw ApplianceError(
        .gitFailed, "\"\(remote)\" is not an absolute path or file:// address",
        hint: "other transports are not supported yet")
    }
    return path
  }

  /// Brings `branch` of `remote` into the bare repository at `clone`, which is made when missing.
  public static func fetch(_ remote: String, branch: String, into clone: String) throws {
    let path = try localPath(of: remote)
    guard FileManager.default.fileExists(atPath: path) else {
      throw ApplianceError(
        .gitMissing, "there is no repository at \"\(path)\"",
        hint: "check source.repository in appliance.yaml")
    }
    _ = try RepositoryHandle(opening: path)
    let repository = try openOrCreate(clone)
    var raw: OpaquePointer?
    try Libgit2.check(
      git_remote_create_anonymous(&raw, repository.raw, address(of: path)),
      "name remote \"\(path)\"")
    defer { git_remote_free(raw) }
    guard try isBehind(repository, raw, branch: branch, path: path) else { return }
    var options = git_fetch_options()
    git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
    let specification = "+refs/heads/\(branch):refs/heads/\(branch)"
    try specification.withCString { text in
      var entry: UnsafeMutablePointer<CChar>? = UnsafeMutablePointer(mutating: text)
      try withUnsafeMutablePointer(to: &entry) { entries in
        var list = git_strarray(strings: entries, count: 1)
        try Libgit2.check(
          git_remote_fetch(raw, &list, &options, nil), "fetch \"\(branch)\" from \"\(path)\"")
      }
    }
  }

  /// As an address, so that a colon in a path is no host name.
  private static func address(of path: String) -> String {
    let plain = Set("/-._~".utf8)
    let escaped = path.utf8.map { byte in
      plain.contains(byte) || Character(Unicode.Scalar(byte)).isLetter && byte < 0x80
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        ? String(decoding: [byte], as: UTF8.self) : "%" + Hexadecimal.encode([byte])
    }
    return "file://" + escaped.joined()
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

  /// Whether the remote's branch differs from ours, so that an unchanged one costs no write.
  private static func isBehind(
    _ repository: borrowing RepositoryHandle, _ remote: OpaquePointer?, branch: String,
    path: String
  ) throws -> Bool {
    try Libgit2.check(
      git_remote_connect(remote, GIT_DIRECTION_FETCH, nil, nil, nil), "read \"\(path)\"")
    defer { git_remote_disconnect(remote) }
    var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
    var count = 0
    try Libgit2.check(git_remote_ls(&heads, &count, remote), "list branches of \"\(path)\"")
    let name = "refs/heads/\(branch)"
    let tip = UnsafeBufferPointer(start: heads, count: count).lazy
      .compactMap { $0?.pointee }.first { String(cString: $0.name) == name }
    guard let tip else {
      throw ApplianceError(
        .gitMissing, "\"\(path)\" has no branch \"\(branch)\"",
        hint: "commit to it, or set source.branch in appliance.yaml")
    }
    var ours = git_oid()
    guard git_reference_name_to_id(&ours, repository.raw, name) == 0 else { return true }
    var commit: OpaquePointer?
    guard git_commit_lookup(&commit, repository.raw, &ours) == 0 else { return true }
    git_commit_free(commit)
    return hex(ours) != hex(tip.oid)
  }

  /// The tip of `branch` with the files below `folder` that a desired state is made of.
  ///
  /// - Parameter entries: The files and folders to read; others are ignored.
  public static func snapshot(
    of path: String, branch: String, folder: String, entries: [String]
  ) throws -> GitSnapshot {
    let repository = try RepositoryHandle(opening: path)
    var identifier = git_oid()
    try Libgit2.check(
      git_reference_name_to_id(&identifier, repository.raw, "refs/heads/\(branch)"),
      "find branch \"\(branch)\" in \"\(path)\"")
    var commit: OpaquePointer?
    try Libgit2.check(
      git_commit_lookup(&commit, repository.raw, &identifier), "read commit \(hex(identifier))")
    defer { git_commit_free(commit) }
    let root = try tree(of: commit, folder: folder)
    defer { git_tree_free(root) }
    var walk = TreeWalk(repository: repository.raw)
    try walk.read(root, entries: entries)
    let summary = git_commit_summary(commit).map { String(cString: $0) } ?? ""
    let revision = GitRevision(
      commit: hex(identifier), tree: git_tree_id(root).map { hex($0.pointee) } ?? "",
      branch: branch, summary: String(summary.prefix(200)),
      committedAt: Date(timeIntervalSince1970: TimeInterval(git_commit_time(commit))))
    return GitSnapshot(revision: revision, tree: SourceTree(files: walk.files))
  }

  private static func openOrCreate(_ clone: String) throws -> RepositoryHandle {
    do {
      return try RepositoryHandle(opening: clone)
    } catch let error as ApplianceError where error.code == .gitMissing {
      return try RepositoryHandle(creatingBare: clone)
    }
  }

  private static func tree(of commit: OpaquePointer?, folder: String) throws -> OpaquePointer? {
    var root: OpaquePointer?
    try Libgit2.check(git_commit_tree(&root, commit), "read the commit's tree")
    let parts = folder.split(separator: "/").filter { $0 != "." }
    guard !parts.isEmpty else { return root }
    defer { git_tree_free(root) }
    var entry: OpaquePointer?
    let path = parts.joined(separator: "/")
    try Libgit2.check(git_tree_entry_bypath(&entry, root, path), "find folder \"\(path)\"")
    defer { git_tree_entry_free(entry) }
    var found: OpaquePointer?
    try Libgit2.check(
      git_tree_lookup(&found, git_tree_owner(root), git_tree_entry_id(entry)),
      "read folder \"\(path)\"")
    return found
  }
}

/// Forty hexadecimal digits of an object id.
func hex(_ identifier: git_oid) -> String {
  withUnsafeBytes(of: identifier) { Hexadecimal.encode($0) }
}
