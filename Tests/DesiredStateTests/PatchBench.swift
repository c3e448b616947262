// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport

/// A git repository in which patches are applied by the real `git`.
struct PatchBench {
  private let scratch: Scratch
  private let repository: String

  init() throws {
    scratch = try Scratch("patch")
    repository = try scratch.folder("repository")
    let made = try Program.command(["git", "init", "-q", repository])
    guard made.code == 0 else { throw GitFailure(message: made.errors) }
  }

  /// What `git apply` makes of a folder.
  func apply(_ patch: String, to files: [String: SourceTree.File]) throws -> [String: [UInt8]] {
    for name in try FileManager.default.contentsOfDirectory(atPath: repository) where name != ".git"
    {
      try FileManager.default.removeItem(atPath: "\(repository)/\(name)")
    }
    for (path, file) in files {
      try scratch.write("repository/\(path)", String(decoding: file.bytes, as: UTF8.self))
    }
    try scratch.write("change.patch", patch)
    let result = try Program.command(
      ["git", "-C", repository, "apply", "\(scratch.path)/change.patch"])
    guard result.code == 0 else { throw GitFailure(message: "\(result.errors)\n\(patch)") }
    return try contents()
  }

  struct GitFailure: Error { let message: String }

  private func contents() throws -> [String: [UInt8]] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: repository)
    var contents: [String: [UInt8]] = [:]
    for name in names where !name.hasPrefix(".git") {
      var isFolder: ObjCBool = false
      let path = "\(repository)/\(name)"
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
        !isFolder.boolValue
      else { continue }
      contents[name] = [UInt8](try Data(contentsOf: URL(filePath: path)))
    }
    return contents
  }
}

extension SourceTree {
  init(texts: [String: String]) {
    self.init(files: texts.mapValues { File(bytes: Array($0.utf8)) })
  }

  /// Of files that are text.
  var texts: [String: String] { files.mapValues { String(decoding: $0.bytes, as: UTF8.self) } }
}
