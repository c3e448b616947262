// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Glibc

extension ApplianceError.Code {
  /// What a setup needs to know was not said, or cannot be.
  static let setupIncomplete = Self("setup.incomplete")
  /// The host was set up before.
  static let setupDone = Self("setup.done")
}

/// What a setup needs to know.
struct SetupAnswers {
  private var repository: String?
  private var branch: String
  private var path: String?
  private var credential: String?
  private var hostKeys: [String]
  private var name: String?
  private var signersFile: String?
  private var start: String?
  private var allowsUnsigned: Bool

  init(_ command: SetupCommand) {
    (repository, branch) = (command.repository, command.branch ?? "main")
    (path, name) = (command.path, command.name)
    (credential, hostKeys) = (command.credential, command.hostKey)
    (signersFile, start) = (command.signers, command.start)
    allowsUnsigned = command.allowUnsigned
  }

  /// Asks for what is missing.
  ///
  /// - Parameter questions: `nil` when nobody is to be asked.
  /// - Throws: `setup.incomplete`.
  mutating func complete(with questions: Questions?) throws {
    if repository == nil {
      repository = try questions?.ask("Desired-state repository (path, ssh or https address)")
    }
    guard repository?.isEmpty == false else {
      throw ApplianceError(
        .setupIncomplete, "there is no repository to follow",
        hint: "pass --repository ADDRESS; `kafclaw init` writes a first one")
    }
    guard signersFile == nil && !allowsUnsigned else { return }
    if let questions {
      let file = try questions.ask(
        "File with the signers' public keys, or the word `unsigned` to take any commit")
      allowsUnsigned = file == "unsigned"
      if !allowsUnsigned { signersFile = file }
      if !allowsUnsigned && start == nil { start = try questions.ask("Commit to start from") }
      return
    }
    throw ApplianceError(
      .setupIncomplete, "it is not said whose commits count",
      hint: "pass --signers FILE and --start COMMIT, or --allow-unsigned for a try")
  }

  /// The text of `appliance.yaml`.
  ///
  /// - Throws: `setup.incomplete` when a file with signers cannot be read, or a value not be taken.
  func bootstrap(isSystem: Bool) throws -> [UInt8] {
    let signers = try signersFile.map { try SignersFile.read($0) } ?? []
    var lines = [
      "# What belongs to this host, and never to the repository that it follows.", "version: 1",
    ]
    if let name { lines.append("host: \(quoted(name))") }
    lines += [
      "source:", "  repository: \(quoted(repository ?? ""))", "  branch: \(quoted(branch))",
    ]
    if let path { lines.append("  path: \(quoted(path))") }
    if let credential { lines.append("  credential: \(quoted(credential))") }
    if !hostKeys.isEmpty {
      lines.append("  hostKeys: [\(hostKeys.map(quoted).joined(separator: ", "))]")
    }
    lines.append("  verify: \(signersFile == nil ? "none" : "signatures")")
    if let start, signersFile != nil { lines.append("  start: \(quoted(start))") }
    if !signers.isEmpty {
      lines.append("signers:")
      lines += signers.map { "  \(quoted($0.name)): {key: \(quoted($0.key))}" }
    }
    if isSystem {
      lines += [
        "# Gateway, agent and tools are units of their own.", "components: {start: systemd}",
      ]
    }
    let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
    let (spec, issues) = BootstrapSpec.read(bytes, file: "appliance.yaml")
    guard spec != nil else {
      throw ApplianceError(
        .setupIncomplete, issues.map(\.description).joined(separator: "\n"),
        hint: "kafclaw setup --help")
    }
    return bytes
  }

  /// As JSON writes it, which YAML reads.
  private func quoted(_ text: String) -> String {
    String(decoding: CanonicalJSON.bytes(.string(text)), as: UTF8.self)
  }
}

/// Lines that people type. Without a terminal nobody is asked.
struct Questions {
  init() throws {
    guard isatty(0) == 1 else {
      throw ApplianceError(
        .setupIncomplete, "there is no terminal to ask at", hint: "pass --non-interactive")
    }
  }

  /// - Throws: `setup.incomplete` when nothing is answered.
  func ask(_ question: String) throws -> String {
    Output.prompt("\(question): ")
    let answer = (readLine() ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !answer.isEmpty else {
      throw ApplianceError(.setupIncomplete, "nothing was answered to: \(question)")
    }
    return answer
  }
}
