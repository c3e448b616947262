// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// A bare repository, made with the git command from objects up: git itself would refuse to put
/// hostile names into an index.
struct GitRepository {
  /// One entry of a tree.
  struct Entry {
    let mode: String
    let object: String
    let name: [UInt8]

    init(_ mode: String, _ object: String, _ name: String) {
      self.init(mode, object, bytes: Array(name.utf8))
    }

    init(_ mode: String, _ object: String, bytes name: [UInt8]) {
      (self.mode, self.object, self.name) = (mode, object, name)
    }

    static func file(_ object: String, _ name: String) -> Entry { Entry("100644", object, name) }
    static func folder(_ object: String, _ name: String) -> Entry { Entry("40000", object, name) }
  }

  let path: String
  private let folder: TemporaryFolder

  init(in folder: TemporaryFolder, named name: String = "origin.git") throws {
    self.folder = folder
    path = folder(name)
    try git("init", "--quiet", "--bare", path)
  }

  func blob(_ text: String) throws -> String { try blob(Data(text.utf8)) }

  func blob(_ content: Data) throws -> String {
    try git("hash-object", "-w", "--stdin", input: content)
  }

  /// A tree as git makes it: sorted, with plain modes.
  func tree(_ entries: [Entry]) throws -> String {
    var input = Data()
    for entry in entries {
      let kind = ["40000": "tree", "160000": "commit"][entry.mode] ?? "blob"
      input.append(contentsOf: Array("\(entry.mode) \(kind) \(entry.object)\t".utf8))
      input.append(contentsOf: entry.name + [0])
    }
    return try git("mktree", "-z", input: input)
  }

  /// A tree with exactly these bytes, which git would not make.
  func rawTree(_ entries: [Entry]) throws -> String {
    var content = Data()
    for entry in entries {
      let object = stride(from: 0, to: 40, by: 2).compactMap { offset in
        UInt8(entry.object.dropFirst(offset).prefix(2), radix: 16)
      }
      content.append(contentsOf: Array("\(entry.mode) ".utf8) + entry.name + [0] + object)
    }
    return try git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", input: content)
  }

  /// A tree of text files by their paths; those under `bin/` are executable.
  func tree(files: [String: String]) throws -> String {
    var entries: [Entry] = []
    for (name, text) in files where !name.contains("/") {
      entries.append(.file(try blob(text), name))
    }
    let nested = Dictionary(grouping: files.filter { $0.key.contains("/") }) { path, _ in
      String(path.prefix { $0 != "/" })
    }
    for (name, inner) in nested {
      let below = inner.map { (String($0.key.dropFirst(name.count + 1)), $0.value) }
      entries.append(.folder(try tree(files: Dictionary(uniqueKeysWithValues: below)), name))
    }
    return try tree(entries)
  }

  /// Commits a tree to the tip of a branch. Without a parent the branch starts anew.
  @discardableResult
  func commit(
    _ tree: String, on branch: String = "main", after parent: String? = nil,
    message: String = "a commit"
  ) throws -> String {
    let parents = parent.map { ["-p", $0] } ?? []
    let commit = try git(["commit-tree", tree] + parents, input: Data(message.utf8))
    try git("update-ref", "refs/heads/\(branch)", commit)
    return commit
  }

  @discardableResult
  func git(_ arguments: String..., input: Data = Data()) throws -> String {
    try git(arguments, input: input)
  }

  /// Runs git without anybody's configuration, at a fixed time; gives its output without the last
  /// line break.
  @discardableResult
  func git(_ arguments: [String], input: Data) throws -> String {
    let file = folder("input-\(UUID().uuidString)")
    try input.write(to: URL(filePath: file))
    defer { unlink(file) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"] + arguments
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
      "HOME": folder.path, "GIT_DIR": path, "GIT_CONFIG_GLOBAL": "/dev/null",
      "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": "1750000000 +0000",
      "GIT_COMMITTER_DATE": "1750000000 +0000", "LC_ALL": "C",
    ]
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: file))
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw SetupFailure(what: "git \(arguments) ended with \(process.terminationStatus)")
    }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
