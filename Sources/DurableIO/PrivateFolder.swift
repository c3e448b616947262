// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import Glibc

/// Folders that only their owner can enter, below folders that nobody else can exchange.
public enum PrivateFolder {
  public static let mode: mode_t = 0o700

  /// Creates `path` and what is missing above it, each with mode 0700. Existing folders stay as
  /// they are: their modes are the reconciler's to observe.
  public static func create(_ path: String) throws {
    if isFolder(path) { return }
    let parent = DurableFile.parentFolder(of: path)
    if parent != path && !isFolder(parent) { try create(parent) }
    guard mkdir(path, mode) == 0 || errno == EEXIST else {
      throw ApplianceError.system("create folder", path)
    }
    guard isFolder(path) else {
      throw ApplianceError(.fileUnsafe, "\"\(path)\" is not a folder")
    }
  }

  /// Refuses a folder that somebody else owns or could write to, or could exchange through a
  /// folder above it. Of an absent folder, the folders above it are examined.
  public static func requireTrusted(_ path: String) throws {
    guard let resolved = try resolvePresent(path) else {
      var parent = DurableFile.parentFolder(of: path)
      while resolve(parent) == nil && parent != "/" {
        parent = DurableFile.parentFolder(of: parent)
      }
      return try requireTrustedAncestors(of: (resolve(parent) ?? "/") + "/.")
    }
    let folder = try status(resolved)
    guard folder.st_uid == geteuid() else {
      throw ApplianceError(
        .fileUnsafe, "\"\(path)\" belongs to user \(folder.st_uid), not to \(geteuid())",
        hint: "run as its owner, or choose another home with --home")
    }
    guard folder.st_mode & 0o022 == 0 else {
      throw ApplianceError(
        .fileUnsafe,
        "\"\(path)\" can be written by others (mode \(octal(folder.st_mode & 0o7777)))",
        hint: "chmod 0700 \(path)")
    }
    try requireTrustedAncestors(of: resolved)
  }

  /// Refuses a file that decides about trust or holds secrets when somebody else owns it or could
  /// write to it. An absent file passes.
  public static func requireTrustedFile(_ path: String) throws {
    guard let resolved = try resolvePresent(path) else { return }
    let file = try status(resolved)
    guard file.st_uid == geteuid() || file.st_uid == 0, file.st_mode & 0o022 == 0 else {
      throw ApplianceError(
        .fileUnsafe,
        "\"\(path)\" can be written by others (mode \(octal(file.st_mode & 0o7777)), "
          + "user \(file.st_uid))",
        hint: "chmod 0600 \(path)")
    }
    try requireTrustedAncestors(of: resolved)
  }

  /// Refuses a file with a secret that others can read.
  public static func requireSecretFile(_ path: String) throws {
    try requireTrustedFile(path)
    let mode = try status(path).st_mode
    guard mode & 0o077 == 0 else {
      throw ApplianceError(
        .fileUnsafe, "\"\(path)\" can be read by others (mode \(octal(mode & 0o7777)))",
        hint: "chmod 0600 \(path)")
    }
  }

  /// The names in a folder, in no order; none where there is no folder.
  public static func names(in path: String) throws -> [String] {
    guard let folder = opendir(path) else {
      guard errno == ENOENT else { throw ApplianceError.system("read folder", path) }
      return []
    }
    defer { closedir(folder) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw ApplianceError.system("read folder", path) }
    return names
  }

  public static func octal(_ mode: mode_t) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// Refuses a path without links on the way to it that somebody else could exchange, in one of the
  /// folders above it.
  public static func requireTrustedAncestors(of resolved: String) throws {
    var path = resolved
    while path != "/" {
      path = DurableFile.parentFolder(of: path)
      let folder = try status(path)
      let isShared = folder.st_mode & 0o020 != 0 && folder.st_gid != getegid()
      let exchangeable =
        (folder.st_mode & 0o002 != 0 || isShared) && folder.st_mode & mode_t(S_ISVTX) == 0
      guard folder.st_uid == 0 || folder.st_uid == geteuid() else {
        throw ApplianceError(
          .fileUnsafe,
          "\"\(path)\" above \"\(resolved)\" belongs to user \(folder.st_uid), who could exchange it",
          hint: "choose a home below folders of your own or of root")
      }
      guard !exchangeable else {
        throw ApplianceError(
          .fileUnsafe, "\"\(path)\" above \"\(resolved)\" can be written by others",
          hint: "chmod go-w \(path)")
      }
    }
  }

  private static func status(_ path: String) throws -> stat {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw ApplianceError.system("examine", path) }
    return status
  }

  /// Whether a path is a folder, or leads to one.
  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// As ``resolve(_:)``; a path that cannot be looked at is an error, not absence.
  private static func resolvePresent(_ path: String) throws -> String? {
    if let resolved = resolve(path) { return resolved }
    guard errno == ENOENT else { throw ApplianceError.system("resolve", path) }
    return nil
  }

  /// The path without links, or `nil` where it cannot be resolved.
  public static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
