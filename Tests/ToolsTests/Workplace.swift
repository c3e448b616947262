// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc

@testable import Tools

/// A test could not prepare what it needs.
struct SetupFailure: Error {
  let what: String
}

/// The two folders of an agent, removed with their test.
final class Workplace: Sendable {
  let path: String

  init() throws {
    let parent = FileManager.default.temporaryDirectory.path
    var template = Array("\(parent)/kafclaw-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SetupFailure(what: "create \(parent)/…") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for name in ["workspace", "repo"] {
      try FileManager.default.createDirectory(
        atPath: path + "/" + name, withIntermediateDirectories: false)
    }
    try put("of the workspace", in: "workspace/note.md")
    try put("of the repo", in: "repo/note.md")
    try put("secret", in: "secret")
  }

  // `try?`: a folder that stays in the temporary folder spoils no test.
  deinit { try? FileManager.default.removeItem(atPath: path) }

  var folders: ToolFolders {
    ToolFolders(workspace: path + "/workspace", workRepo: path + "/repo")
  }

  func put(_ text: String, in name: String) throws {
    try put(Data(text.utf8), in: name)
  }

  func put(_ content: Data, in name: String) throws {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try content.write(to: URL(filePath: file))
  }

  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: path + "/" + name)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// Paths of everything in the two folders, sorted.
  func names() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
  }

  /// Runs a tool in a turn that may use every tool, unless told otherwise.
  func run(
    _ tool: String, _ arguments: JSONValue, names: Set<String> = ToolName.known,
    egress: any Egress = GuardedEgress(policy: EgressPolicy())
  ) async -> ToolResult {
    let context = ToolContext(folders: folders, egress: egress)
    let executor = ToolExecutor(context: context, names: names)
    return await executor.run(ToolCall(index: 0, tool: tool, arguments: arguments))
  }

  func mode(_ name: String) throws -> UInt32 {
    var status = stat()
    guard lstat(path + "/" + name, &status) == 0 else { throw SetupFailure(what: name) }
    return status.st_mode & 0o7777
  }

  func link(_ name: String, to target: String) throws {
    guard symlink(target, path + "/" + name) == 0 else { throw SetupFailure(what: name) }
  }
}

extension ToolResult {
  var success: String? {
    if case .success(let text) = self { return text }
    return nil
  }

  var failure: String? {
    if case .failure(let text) = self { return text }
    return nil
  }
}
