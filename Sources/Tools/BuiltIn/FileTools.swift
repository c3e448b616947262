// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox

/// Reads one text file.
struct ReadFileTool: Tool {
  /// Bytes.
  static let limit = 256 << 10

  let name = ToolName.readFile
  let tier = ToolTier.read
  let isIdempotent = true

  func run(_ arguments: JSONValue, in folders: ToolFolders) async throws -> String {
    let target = folders.resolve(try arguments.required("path"))
    let bytes = try ConfinedFolder(target.folder).read(target.path, limit: Self.limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ApplianceError(.toolArguments, "\"\(target.path)\" is not UTF-8 text")
    }
    return text
  }
}

/// Lists one folder.
struct ListDirectoryTool: Tool {
  /// Names.
  static let limit = 1_000

  let name = ToolName.listDirectory
  let tier = ToolTier.read
  let isIdempotent = true

  func run(_ arguments: JSONValue, in folders: ToolFolders) async throws -> String {
    let path = arguments["path"] == nil ? "" : try arguments.required("path")
    let target = folders.resolve(path)
    let names = try ConfinedFolder(target.folder).list(target.path, limit: Self.limit)
    return names.isEmpty ? "(empty)" : names.joined(separator: "\n")
  }
}

/// Replaces or creates one text file.
struct WriteFileTool: Tool {
  /// Bytes.
  static let limit = 1 << 20

  let name = ToolName.writeFile
  let tier = ToolTier.write
  let isIdempotent = false

  func run(_ arguments: JSONValue, in folders: ToolFolders) async throws -> String {
    let target = folders.resolve(try arguments.required("path"))
    let content = Array(try arguments.required("content").utf8)
    guard content.count <= Self.limit else {
      throw ApplianceError(.toolArguments, "the content is over \(Self.limit) bytes")
    }
    try ConfinedFolder(target.folder).write(target.path, content)
    return "wrote \(content.count) bytes to \(target.path)"
  }
}

extension JSONValue {
  fileprivate func required(_ key: String) throws -> String {
    guard let text = self[key]?.stringValue else {
      throw ApplianceError(.toolArguments, "argument \"\(key)\" is missing or not text")
    }
    return text
  }
}
