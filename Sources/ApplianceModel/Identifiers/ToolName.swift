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
  public static let readSkill = "read_skill"
  public static let runSkill = "run_skill"

  /// Tools whose calls are carried out outside the agent.
  public static let elsewhere: Set<String> = [exec, readSkill, runSkill]
  /// Tools that there are only where a skill is exposed.
  public static let ofSkills: Set<String> = [readSkill, runSkill]

  /// Every tool with its tier. `web_fetch` is as dangerous as a command: an address can carry away
  /// what the turn has read.
  public static let tiers: [String: ToolTier] = [
    readFile: .read, listDirectory: .read, searchFiles: .read, readSkill: .read,
    writeFile: .write, editFile: .write,
    exec: .highRisk, webFetch: .highRisk, runSkill: .highRisk,
  ]

  public static let known = Set(tiers.keys)

  /// Groups that every desired state can name as `group:NAME`.
  public static let groups: [String: Set<String>] = [
    "read": [readFile, listDirectory, searchFiles, readSkill],
    "write": [writeFile, editFile],
    "files": [readFile, listDirectory, searchFiles, writeFile, editFile],
    "high-risk": [exec, webFetch, runSkill],
    "web": [webFetch],
    "skills": [readSkill, runSkill],
    "all": known,
  ]
}
