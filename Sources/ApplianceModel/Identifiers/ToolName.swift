// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The tools that desired state can name.
public enum ToolName {
  public static let readFile = "read_file"
  public static let listDirectory = "list_dir"
  public static let writeFile = "write_file"

  /// Every tool of the product, those still to come included: denying one is always valid.
  public static let known: Set<String> = [
    readFile, listDirectory, writeFile, "search_files", "edit_file", "exec", "web_fetch",
  ]
}
