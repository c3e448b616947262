// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import DurableIO
import Glibc

/// `kafclaw init`.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a desired-state folder with CI examples; nothing existing is touched.")

  @Argument(help: "Folder to write; made when missing, must be empty otherwise (but for .git).")
  var directory: String

  @OptionGroup var options: GlobalOptions

  func run() throws {
    guard try isFree(directory) else {
      throw ApplianceError(
        .fileUnsafe, "\"\(directory)\" is not empty", hint: "name a new folder")
    }
    for file in Scaffold.files { try write(file) }
    if options.format == .json {
      try Output.json(members: ["directory": .string(directory)])
    } else {
      Output.line("Wrote \(Scaffold.files.count) files to \(directory)")
      Output.line("Next: kafclaw validate \(directory)")
      Output.line("      git -C \(directory) init -b main && git -C \(directory) add -A")
      Output.line("      git -C \(directory) commit -m 'Desired state'")
    }
  }

  private func write(_ file: Scaffold.File) throws {
    let path = "\(directory)/\(file.path)"
    guard let slash = path.lastIndex(of: "/") else { return }
    try makeFolder(String(path[..<slash]))
    try DurableFile.replace(path, with: file.bytes, mode: file.isExecutable ? 0o755 : 0o644)
  }

  /// Folders of a repository are the user's: umask decides about their modes.
  private func makeFolder(_ path: String) throws {
    if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw ApplianceError.system("create folder", path)
    }
    try makeFolder(String(path[..<slash]))
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw ApplianceError.system("create folder", path)
    }
  }

  private func isFree(_ path: String) throws -> Bool {
    guard let stream = opendir(path) else {
      guard errno == ENOENT else { throw ApplianceError.system("read", path) }
      return true
    }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if ![".", "..", ".git"].contains(name) { return false }
    }
    return true
  }
}

/// What `init` writes: `examples/minimal`, built into the program.
enum Scaffold {
  struct File {
    let path: String
    let bytes: [UInt8]
    var isExecutable = false
  }

  static let files = [
    File(path: "kafclaw.yaml", bytes: PackageResources.kafclaw_yaml),
    File(path: "README.md", bytes: PackageResources.README_md),
    File(path: "workspace/AGENTS.md", bytes: PackageResources.AGENTS_md),
    File(path: "workspace/SOUL.md", bytes: PackageResources.SOUL_md),
    File(path: ".gitlab-ci.yml", bytes: PackageResources._gitlab_ci_yml),
    File(path: ".github/workflows/kafclaw.yml", bytes: PackageResources.kafclaw_yml),
    File(path: "hooks/pre-receive", bytes: PackageResources.pre_receive, isExecutable: true),
  ]
}
