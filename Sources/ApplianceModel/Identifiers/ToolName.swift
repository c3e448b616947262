// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The tools of the product, and how much harm each can do.
public enum ToolName {
  public static let readFile = "read_file"
  public static let listDirectory = "list_dir"
  public static let searchFiles = "search_files"
  public static let writeFile = "write_file"
  public static let editFile = "edit_file"
  public static let exec = "exec"
  public static let webFetch = "web_fetch"

  /// Every tool with its tier. `web_fetch` is as dangerous as a command: an address can carry away
  /// what the turn has read.
  public static let tiers: [String: ToolTier] = [
    readFile: .read, listDirectory: .read, searchFiles: .read,
    writeFile: .write, editFile: .write,
    exec: .highRisk, webFetch: .highRisk,
  ]

  public static let known = Set(tiers.keys)

  /// Groups that every desired state can name as `group:NAME`.
  public static let groups: [String: Set<String>] = [
    "read": [readFile, listDirectory, searchFiles],
    "write": [writeFile, editFile],
    "files": [readFile, listDirectory, searchFiles, writeFile, editFile],
    "high-risk": [exec, webFetch],
    "web": [webFetch],
    "all": known,
  ]
}
