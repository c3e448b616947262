// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Keeps the agent's folders apart from paths of the host that are sensitive (runbook 1.4).
///
/// A folder must not be a sensitive path, contain one, or lie inside one. `/` and `~` contain
/// everything, so lying inside those two is allowed.
public enum FolderIsolation {
  static let sensitive = [
    "/", "/etc", "/root", "/var", "~", "~/.ssh", "~/.gnupg", "~/.aws", "~/.config", "~/.kafclaw",
  ]

  /// The words alone, before any host is known; `nil` when they are acceptable.
  static func problem(with folder: String, standard: String) -> String? {
    if folder == standard { return nil }
    let parts = folder.split(separator: "/", omittingEmptySubsequences: true)
    guard !parts.contains("..") && !parts.contains(".") else {
      return "\(Quoted(folder)) must not contain \".\" or \"..\""
    }
    guard folder.hasPrefix("/") || folder == "~" || folder.hasPrefix("~/") else {
      return "\(Quoted(folder)) lies inside the state home; only \"\(standard)\" may"
    }
    let prefix = folder.hasPrefix("/") ? "/" : ""
    return conflict(of: prefix + parts.joined(separator: "/"), with: sensitive).map { other in
      "\(Quoted(folder)) is not apart from \"\(other)\""
    }
  }

  /// The sensitive path that `folder` equals, contains or lies inside of. Both without links and
  /// trailing slashes.
  public static func conflict(of folder: String, with sensitive: [String]) -> String? {
    sensitive.first { other in
      if other == folder || isInside(other, of: folder) { return true }
      return other != "/" && other != "~" && isInside(folder, of: other)
    }
  }

  /// Whether one of the folders is the other or lies inside it.
  static func overlap(_ one: String, _ other: String) -> Bool {
    let (left, right) = (trimmed(one), trimmed(other))
    return left == right || isInside(left, of: right) || isInside(right, of: left)
  }

  private static func trimmed(_ path: String) -> String {
    let parts = path.split(separator: "/").joined(separator: "/")
    return path.hasPrefix("/") ? "/" + parts : parts
  }

  /// The host's check: `folder` and `sensitive` with links resolved; `home` may be lain inside.
  public static func conflict(
    of folder: String, with sensitive: [String], home: String
  ) -> String? {
    sensitive.first { other in
      if other == folder || isInside(other, of: folder) { return true }
      return other != "/" && other != home && isInside(folder, of: other)
    }
  }

  private static func isInside(_ path: String, of folder: String) -> Bool {
    folder == "/" ? path.hasPrefix("/") && path != "/" : path.hasPrefix(folder + "/")
  }
}
